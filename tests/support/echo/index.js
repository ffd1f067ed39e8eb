// An origin that says what reached it: { method, url, headers: [[name, value], …], body }.
// A path with /__echo/<behaviour> makes it behave as an origin might.

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const behaviours = {
  // /__echo/status/302: that status, with what must survive on its way back.
  status([code]) {
    const headers = new Headers({ location: "/elsewhere" });
    headers.append("set-cookie", "a=1; Path=/");
    headers.append("set-cookie", "b=2; Path=/");
    const body = [101, 204, 205, 304].includes(Number(code)) ? null : `status ${code}`;
    return new Response(body, { status: Number(code), headers });
  },

  // /__echo/slow?ms=500: the head comes late.
  async slow(_, query) {
    await pause(Number(query.get("ms") ?? 1000));
    return new Response("slow");
  },

  // /__echo/stream?ms=200: five chunks, that far apart.
  stream(_, query) {
    const ms = Number(query.get("ms") ?? 200);
    return new Response(chunks(5, ms), { headers: { "content-type": "text/plain" } });
  },

  // /__echo/break: the body ends in an error after two chunks.
  break() {
    return new Response(chunks(5, 20, 2));
  },

  // /__echo/hop: fields that are not for the client, and one that only Keyward may set.
  hop() {
    return new Response("hop", {
      headers: { connection: "x-hop", "x-hop": "1", "keyward-key-id": "from-the-origin", "x-end": "1" },
    });
  },

  // /__echo/mirror: the content as it comes, while it comes.
  mirror(_, __, request) {
    return new Response(request.body, { headers: { "content-type": "application/octet-stream" } });
  },

  // /__echo/cache?control=public: that Cache-Control.
  cache(_, query) {
    return new Response("cache", { headers: { "cache-control": query.get("control") } });
  },

  // /__echo/throw: no answer at all.
  throw() {
    throw new Error("the origin failed");
  },
};

function chunks(count, ms, breakAfter = Infinity) {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent === count) return controller.close();
      if (sent === breakAfter) return controller.error(new Error("the origin broke off"));
      if (sent > 0) await pause(ms);
      controller.enqueue(new TextEncoder().encode(`chunk ${++sent}\n`));
    },
  });
}

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const [name, ...rest] = url.pathname.split("/__echo/")[1]?.split("/") ?? [];
    if (Object.hasOwn(behaviours, name ?? "")) return behaviours[name](rest, url.searchParams, request);
    const body = await request.text();
    const { method } = request;
    return Response.json({ method, url: request.url, headers: [...request.headers], body });
  },
};
