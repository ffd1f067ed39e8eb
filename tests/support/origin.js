// An origin by URL, on this machine: it keeps what reached it as it was written on the wire.
import { createServer } from "node:http";

/**
 * `answer` is called when the content is there, `begin` before it: either may be set anew by a test.
 */
export async function startOrigin() {
  const server = createServer(async (request, response) => {
    // Who broke off is no concern of the origin's.
    request.on("error", () => {});
    response.on("error", () => {});
    const fields = pairs(request.rawHeaders);
    if (origin.begin) {
      origin.received.push({ method: request.method, url: request.url, fields });
      return origin.begin(request, response);
    }
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return;
    }
    origin.received.push({ method: request.method, url: request.url, fields, content: Buffer.concat(parts) });
    origin.answer(request, response);
  });
  // It would end a connection that nobody uses after 5 s, perhaps just when the next request goes there.
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Where a filter leaves out all tests of a file, `after` runs before `before` has ended: the file must end all the same.
  server.unref();
  const answer = (request, response) => response.end("remote");
  const origin = {
    url: `http://127.0.0.1:${server.address().port}`,
    received: [],
    answer,
    begin: null,
    reset() {
      Object.assign(origin, { received: [], answer, begin: null });
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return origin;
}

function pairs(raw) {
  const fields = [];
  for (let at = 0; at < raw.length; at += 2) fields.push([raw[at].toLowerCase(), raw[at + 1]]);
  return fields;
}
