// A gateway that clients reach as they would reach a real one: by its URL.
import { randomBytes } from "node:crypto";

import { startGateway } from "../support/gateway.js";
import { seed } from "../support/seed.js";
import { startFront } from "./front.js";

export const DEPLOYMENT = "e2e";
/** Its name in the catalogue of `seed`: everything below `/remote/` goes there. */
export const ORIGIN = "remote";

/**
 * @param {{ keys: object[] }} plan as for `seed`
 * @param {(front: { url: string }) => Promise<{ url: string, stop(): Promise<void> }>} startOrigin
 */
export async function deploy(plan, startOrigin) {
  const running = [];
  const started = (one) => {
    running.unshift(one);
    return one;
  };
  const stop = async () => {
    for (const one of running) await one.stop();
  };
  try {
    const front = started(await startFront());
    const origin = started(await startOrigin(front));
    const authorities = [{ authority: front.authority, scheme: "http", environment: "production", role: "api" }];
    const assertionKey = randomBytes(32).toString("base64url");
    const vars = { ASSERTION_KEY: assertionKey };
    const seeded = await seed({ ...plan, settings: { authorities }, remote: origin.url, vars });
    const gateway = started(await startGateway(seeded));
    front.behind = gateway.port;
    return { url: front.url, keys: seeded.keys, origin, assertionKey, stop };
  } catch (error) {
    // What runs would keep the test file from ending.
    await stop();
    throw error;
  }
}
