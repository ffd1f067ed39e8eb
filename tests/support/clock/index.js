// The registry under a clock that shows another time: CLOCK_AHEAD_S says by how much, and an alarm that the registry
// sets for then rings when the runtime's own clock is as far. Or the clock stands still, at CLOCK_STANDS_AT_MS. Without
// either nothing is touched.
import Registry, { Organisation as RealOrganisation } from "./registry/entry.js";
import { env } from "cloudflare:workers";

const aheadMs = Number(env.CLOCK_AHEAD_S ?? 0) * 1_000;
if (aheadMs !== 0) {
  const real = Date.now;
  Date.now = () => real() + aheadMs;
}
if (env.CLOCK_STANDS_AT_MS) Date.now = () => Number(env.CLOCK_STANDS_AT_MS);

export class Organisation extends RealOrganisation {
  constructor(ctx, variables) {
    if (aheadMs !== 0) {
      const storage = ctx.storage;
      const setAlarm = storage.setAlarm.bind(storage);
      storage.setAlarm = (at, options) => setAlarm(new Date(Number(at) - aheadMs), options);
    }
    super(ctx, variables);
  }
}

export * from "./registry/entry.js";
export default Registry;
