// A trap ends the wasm instance, and with it every call that the instance had begun: their promises would stay open
// until the runtime gives them up. Here they are all rejected at once. Imported after the build, which makes the flag.

const UNAVAILABLE = JSON.stringify({
  type: "urn:keyward:problem:temporarily_unavailable",
  title: "Temporarily unavailable",
  status: 503,
  code: "temporarily_unavailable",
});

export const unavailable = () =>
  new Response(UNAVAILABLE, {
    status: 503,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "retry-after": "1",
    },
  });

/** The calls that the present instance has begun, each as the function that gives it up. */
const begun = new Set();

function giveUpAll(reason) {
  const all = [...begun];
  begun.clear();
  for (const giveUp of all) giveUp(new Error(reason));
}

/** Settles like `work()`, or rejects as soon as the instance is lost. */
export function whileInstanceLives(work) {
  const { promise, resolve, reject } = Promise.withResolvers();
  begun.add(reject);
  Promise.try(work)
    .then(resolve, reject)
    .finally(() => begun.delete(reject));
  return promise;
}

// The `worker` crate sets this flag when Rust panics or aborts; the build's own code reads and clears it.
const instance = globalThis.__worker_init_state;
let lost = instance.criticalError;
Object.defineProperty(instance, "criticalError", {
  get: () => lost,
  set(value) {
    lost = value;
    if (value) giveUpAll("the wasm instance trapped");
  },
});

// What nobody caught came out of Rust's frames: the instance is in no known state.
addEventListener("error", (event) => giveUpAll(String(event.error ?? event.message)));
