// Bounds in time for what others answer.

/** What `run` gives, or `undefined` when it takes longer; then its signal says so. */
export async function within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
      abort.abort(new Error(`no answer in ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([run(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
