// The Worker's module. A trap ends the wasm instance, and with it every request that the instance had begun:
// their promises would stay open until the runtime gives them up. Here they are all answered at once.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import Gateway, { ReplayStore as Inner } from "./build/index.js";
import catalogue from "./catalogue.json";

const UNAVAILABLE = JSON.stringify({
  type: "urn:keyward:problem:temporarily_unavailable",
  title: "Temporarily unavailable",
  status: 503,
  code: "temporarily_unavailable",
});

const unavailable = () =>
  new Response(UNAVAILABLE, {
    status: 503,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "retry-after": "1",
    },
  });

/** The requests that the present instance has begun, each as the function that gives it up. */
const begun = new Set();

function giveUpAll(reason) {
  const all = [...begun];
  begun.clear();
  for (const giveUp of all) giveUp(new Error(reason));
}

/** Settles like `work()`, or rejects as soon as the instance is lost. */
function whileInstanceLives(work) {
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

export default class extends WorkerEntrypoint {
  async fetch(request) {
    try {
      // A variable CATALOGUE goes before the file.
      const env = { CATALOGUE: catalogue, ...this.env };
      return await whileInstanceLives(() => new Gateway(this.ctx, env).fetch(request));
    } catch (error) {
      console.error(JSON.stringify({ event: "gateway_trap", error: String(error?.message ?? error) }));
      return unavailable();
    }
  }
}

/** Object and gateway share one wasm instance: a trap in either ends what both have begun. */
export class ReplayStore extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.inner = new Inner(ctx, env);
  }

  fetch(request) {
    return whileInstanceLives(() => this.inner.fetch(request));
  }

  alarm() {
    return whileInstanceLives(() => this.inner.alarm());
  }
}
