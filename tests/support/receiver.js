// Everybody else on the internet, as far as the registry calls them: mail APIs and webhooks, in one HTTP server. workerd's
// `globalOutbound` leads here as to a proxy, so that the registry's own code makes its own requests to https URLs.
import { createServer } from "node:http";

export async function startReceiver() {
  // The target is a whole URL, and workerd then sends no Host.
  const server = createServer({ requireHostHeader: false }, async (request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    const url = new URL(request.url);
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return;
    }
    const text = Buffer.concat(parts).toString();
    const received = { url: url.href, host: url.hostname, method: request.method, headers: request.headers, text, at: Date.now() };
    receiver.received.push(received);
    await receiver.answer(response, received);
  });
  // As in origin.js: no connection ends just when it is used again.
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const answer = (response) => response.writeHead(204).end();
  const receiver = {
    address: `127.0.0.1:${server.address().port}`,
    received: [],
    /** May be set anew by a test: `(response, received)`. */
    answer,
    /** What came for a host. */
    to: (host) => receiver.received.filter((one) => one.host === host),
    reset() {
      Object.assign(receiver, { received: [], answer });
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
