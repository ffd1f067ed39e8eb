import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { socketPeer } from "keyward";
import { keyward } from "keyward/hono";

import { verifier } from "../verifier.js";

const app = new Hono();
app.use(keyward({ verifier, clientAddress: socketPeer }));
app.all("/v1/things", async (c) => {
  const { keyId, roles } = c.get("keyward");
  const text = await c.req.text();
  return c.json({ keyId, roles, body: text === "" ? null : JSON.parse(text), headers: c.req.header() });
});

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(port));
