// The Worker's module: the gateway and its object, each call given up at once when the wasm instance is lost.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import Gateway, { ReplayStore as Inner } from "./build/index.js";
import { unavailable, whileInstanceLives } from "../platform/guard.js";
import catalogue from "./catalogue.json";

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
