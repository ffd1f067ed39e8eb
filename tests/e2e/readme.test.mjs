// What the documents show is what happens: the shell block of README.md signs a request that is let through, the answer
// that it prints is the answer that is given, and the gateway takes the settings, secrets and catalogue of its README.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { call } from "../support/client.js";
import { ROOT, XTASK, startGateway } from "../support/gateway.js";
import { AUTHORITY } from "../support/seed.js";

const read = (file) => readFile(join(ROOT, file), "utf8");
const README = await read("README.md");

let gateway, keys;
before(async () => {
  ({ gateway, keys } = await startProduct([
    { name: "admin", role: "admin" },
    { name: "developer", role: "developer" },
  ]));
});
after(() => gateway?.stop());

/** The catalogue of the demonstration, but keys of our own: `.keyward/dev.json` is whoever's started last. */
async function startProduct(plans) {
  const catalogue = JSON.parse(await read("worker/gateway/catalogue.json"));
  const plan = { deployment: "readme", environments: ["production", "uat"], catalogue, keys: plans };
  const [program, ...args] = XTASK;
  const records = promisify(execFile)(program, [...args, "records"], { cwd: ROOT });
  records.child.stdin.end(JSON.stringify(plan));
  const made = JSON.parse((await records).stdout);
  const settings = {
    name: plan.deployment,
    authorities: [{ authority: AUTHORITY, scheme: "http", environment: "production", role: "api" }],
    clientAddress: "peer",
  };
  const gateway = await startGateway({
    vars: { SETTINGS: JSON.stringify(settings), SECRETS: made.secrets },
    records: Object.fromEntries(Object.values(made.keys).map((key) => [key.kvName, key.live])),
  });
  return { gateway, keys: made.keys };
}

/** The first block of that language below a heading. */
function block(heading, language, document = README) {
  const [, text] = document.split(`\n## ${heading}\n`)[1]?.match(new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\``, "s")) ?? [];
  assert.ok(text, `there is a block of ${language} below "${heading}"`);
  return text;
}

test("the request that is signed by hand is let through", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyward-readme-"));
  try {
    const { keyId, secret } = keys.admin;
    await mkdir(join(folder, ".keyward"));
    const file = { keys: [{ name: "admin", keyId, secret, url: `http://${AUTHORITY}` }] };
    await writeFile(join(folder, ".keyward/dev.json"), JSON.stringify(file));
    // curl reads this in its home: whatever the name, the gateway is here.
    await writeFile(join(folder, ".curlrc"), `connect-to = "::127.0.0.1:${gateway.port}"\nnoproxy = "*"\n`);
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: folder };
    const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", block("Sign a request by hand", "sh")], { cwd: folder, env });
    const { method, body, headers } = JSON.parse(stdout);
    assert.deepEqual([method, body], ["POST", '{"name":"Ada"}'], stdout);
    const field = (wanted) => headers.find(([name]) => name === wanted)?.[1];
    assert.equal(field("keyward-key-id"), `"${keyId}"`);
    assert.equal(field("signature"), undefined);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the answer to a refused request is the one that is shown", async () => {
  const [first, url, status, ...rest] = block("Try it", "console").split("\n");
  assert.equal(first, "$ cargo keyward send --as developer-deletes");
  const [method, shown] = url.split(" ");
  const answer = await call(gateway, { as: keys.developer, method, target: new URL(shown).pathname });
  assert.equal(answer.status, Number(status));
  const json = rest.slice(rest.indexOf("{"), rest.indexOf("}") + 1).join("\n");
  assert.deepEqual(JSON.parse(answer.content), JSON.parse(json));
});

test("every demonstration key that is named exists", async () => {
  const source = await read("crates/xtask/src/demo/keys.rs");
  const named = [...README.matchAll(/--as ([\w-]+)/g)].map(([, name]) => name);
  assert.ok(named.length > 0);
  for (const name of named) assert.ok(source.includes(`"${name}"`), name);
});

test("the gateway takes the examples of its README", async () => {
  const reference = await read("worker/gateway/README.md");
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const secrets = block("Secrets", "json", reference)
    .replace('"publicKey": "<32 bytes, base64url>"', `"publicKey": "${x}"`)
    .replaceAll("<32 bytes, base64url>", () => randomBytes(32).toString("base64url"));
  const vars = {
    SETTINGS: block("Settings", "json", reference),
    SECRETS: secrets,
    ASSERTION_KEY: randomBytes(32).toString("base64url"),
    CATALOGUE: block("The catalogue", "json", reference),
  };
  const gateway = await startGateway({ vars, records: {} });
  try {
    // What is wrong with a configuration would be 503; this comes after it.
    const answer = await call(gateway, { host: JSON.parse(vars.SETTINGS).authorities[0].authority });
    assert.equal(answer.outcome, "400 insecure_transport");
  } finally {
    await gateway.stop();
  }
});
