// Stands where the build is, around it: a request with X-Trap meets the runtime's error of an unreachable
// instruction on its way through the gateway's frames, as a panic or a stack overflow would be met.
import Gateway from "./built.js";

export { ReplayStore } from "./built.js";

const TRAPS = {
  // In the call that begins the request.
  begin: (request) => ({
    url: request.url,
    headers: request.headers,
    body: request.body,
    get method() {
      return unreachable();
    },
  }),
  // In a callback of the runtime's, while the request waits: nobody awaits that one.
  later: (request) => {
    queueMicrotask(unreachable);
    return request;
  },
};

function unreachable() {
  throw new WebAssembly.RuntimeError("unreachable");
}

export default class {
  constructor(context, env) {
    this.gateway = new Gateway(context, env);
  }

  fetch(request) {
    const trap = TRAPS[request.headers.get("x-trap")];
    return this.gateway.fetch(trap ? trap(request) : request);
  }
}
