// What happens while a key is being made: after the directory has reserved its id, and before anybody hears of that.
import { createServer } from "node:http";

export async function startMeanwhile() {
  let act = null;
  const server = createServer(async (request, response) => {
    request.resume();
    await act?.();
    response.writeHead(204).end();
  });
  // As in origin.js: no connection ends just when it is used again.
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    address: `127.0.0.1:${server.address().port}`,
    /**
     * Asks, and has something happen at each of the reservations that are made for it.
     *
     * @returns the answer; fails unless there was a reservation, and all went well that happened
     */
    async during(ask, happen) {
      const happened = [];
      let isHappening = false;
      act = async () => {
        // What happens may make a key itself.
        if (isHappening) return;
        isHappening = true;
        const done = Promise.resolve(happen()).finally(() => (isHappening = false));
        happened.push(done);
        await done.catch(() => {});
      };
      try {
        const answer = await ask();
        await Promise.all(happened);
        if (happened.length === 0) throw new Error("nothing was reserved");
        return answer;
      } finally {
        act = null;
      }
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
