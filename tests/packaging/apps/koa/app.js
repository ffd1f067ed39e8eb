// Koa, and any other framework that shows the request of `node:http`: the verifier alone, without a middleware of ours.
import Koa from "koa";
import { socketPeer } from "keyward";

import { verifier } from "../verifier.js";

const app = new Koa();
app.use(async (ctx, next) => {
  const { grant, answer } = await verifier.verify(ctx.req, { clientAddress: socketPeer(ctx.req) });
  for (const [name, value] of answer?.headers ?? grant.answerHeaders) ctx.append(name, value);
  if (answer) {
    ctx.status = answer.status;
    ctx.body = answer.body;
    return;
  }
  ctx.state.keyward = grant;
  await next();
});
app.use(async (ctx) => {
  const { keyId, roles, headers } = ctx.state.keyward;
  let text = "";
  for await (const chunk of ctx.req.setEncoding("utf8")) text += chunk;
  // What the key is, from Keyward and not from the client.
  const own = Object.entries(ctx.headers).filter(([name]) => !name.startsWith("keyward"));
  ctx.body = { keyId, roles, body: text === "" ? null : JSON.parse(text), headers: Object.fromEntries(own), told: headers };
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
