// The Worker's module: the registry and its objects, each call given up at once when the wasm instance is lost.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import Registry, { Directory as InnerDirectory, Network as InnerNetwork, Operator as InnerOperator, Organisation as InnerOrganisation } from "./build/index.js";
import { unavailable, whileInstanceLives } from "../platform/guard.js";
import catalogue from "../gateway/catalogue.json";

// The gateway's catalogue, so that both know the same APIs; a variable CATALOGUE goes before the file.
const configured = (env) => ({ CATALOGUE: catalogue, ...env });

export default class extends WorkerEntrypoint {
  async fetch(request) {
    try {
      return await whileInstanceLives(() => new Registry(this.ctx, configured(this.env)).fetch(request));
    } catch (error) {
      console.error(JSON.stringify({ event: "registry_trap", error: String(error?.message ?? error) }));
      return unavailable();
    }
  }

  scheduled(controller) {
    return whileInstanceLives(() => new Registry(this.ctx, configured(this.env)).scheduled(controller));
  }
}

/** For the gateway alone, over a service binding: it answers no requests, so no address leads here. */
export class Edge extends WorkerEntrypoint {
  usage(reports) {
    const env = configured(this.env);
    return whileInstanceLives(() => new Registry(this.ctx, env).usage(reports, env));
  }

  generations(keys) {
    const env = configured(this.env);
    return whileInstanceLives(() => new Registry(this.ctx, env).generations(keys, env));
  }
}

/** Objects and Worker share one wasm instance: a trap in any of them ends what all have begun. */
const guarded = (Inner) =>
  class extends DurableObject {
    constructor(ctx, env) {
      super(ctx, env);
      this.inner = new Inner(ctx, configured(env));
    }

    fetch(request) {
      return whileInstanceLives(() => this.inner.fetch(request));
    }

    alarm() {
      return whileInstanceLives(() => this.inner.alarm());
    }
  };

export class Directory extends guarded(InnerDirectory) {}
export class Network extends guarded(InnerNetwork) {}
export class Operator extends guarded(InnerOperator) {}
export class Organisation extends guarded(InnerOrganisation) {}
