import { Hono } from "hono";
import { cloudflareAddress, createVerifier, kvStore } from "keyward";
import { keyward } from "keyward/hono";

let gate;

const app = new Hono();
app.use((c, next) => {
  const { DEPLOYMENT, KEYS, ORGANISATION_KEYS } = c.env;
  gate ??= keyward({
    verifier: createVerifier({ ...DEPLOYMENT, organisationKeys: ORGANISATION_KEYS, store: kvStore(KEYS) }),
    clientAddress: cloudflareAddress,
  });
  return gate(c, next);
});
app.all("/v1/things", async (c) => {
  const { keyId, roles } = c.get("keyward");
  const text = await c.req.text();
  return c.json({ keyId, roles, body: text === "" ? null : JSON.parse(text), headers: c.req.header() });
});

export default app;
