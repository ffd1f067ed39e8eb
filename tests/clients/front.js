// A port that is known before the gateway runs. Clients sign the authority that they call, so the gateway has to be
// told its own port, which it chooses as it starts; and origins have to be told where its keys will be.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Bytes go through as they are, once `behind` is set to the gateway's port. */
export async function startFront() {
  const open = new Set();
  const server = createServer((client) => {
    const gateway = connect({ port: front.behind, host: "127.0.0.1" });
    for (const socket of [client, gateway]) {
      open.add(socket);
      // Either end may break off: then so does the other.
      socket.on("error", () => {}).on("close", () => {
        open.delete(socket);
        client.destroy();
        gateway.destroy();
      });
    }
    client.pipe(gateway).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A file that never comes to `stop` ends all the same; see support/origin.js.
  server.unref();
  const authority = `127.0.0.1:${server.address().port}`;
  const front = {
    authority,
    url: `http://${authority}`,
    behind: null,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
  return front;
}
