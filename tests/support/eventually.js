// For what another process does in its own time.

/** Resolves as soon as `is()` is true; fails when it is not in time. */
export async function eventually(is, what, withinMs = 5_000) {
  const end = Date.now() + withinMs;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
