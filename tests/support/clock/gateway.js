// The gateway under a clock that a test sets ahead while it runs: POST /?ms=60000 at the socket of `Clock`.
import Gateway from "./gateway/entry.js";
import { WorkerEntrypoint } from "cloudflare:workers";

let aheadMs = 0;
const real = Date.now;
Date.now = () => real() + aheadMs;

export class Clock extends WorkerEntrypoint {
  fetch(request) {
    aheadMs = Number(new URL(request.url).searchParams.get("ms"));
    return new Response();
  }
}

export * from "./gateway/entry.js";
export default Gateway;
