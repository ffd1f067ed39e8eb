// For what another process does in its own time.

/** For what hangs: how long a thing may take is no question of how busy a machine is. */
const WITHIN_MS = 60_000;

/** Resolves as soon as `is()` is true; fails when it never is. */
export async function eventually(is, what) {
  const end = Date.now() + WITHIN_MS;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`not within ${WITHIN_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
