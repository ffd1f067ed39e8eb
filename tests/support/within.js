/** The same promise, but it fails when it takes longer: nothing that a test waits for may keep it for ever. */
export function within(ms, what, promise) {
  const { promise: late, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
