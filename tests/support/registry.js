// The registry and a gateway that reads what it publishes, on plain workerd, until they are stopped or killed.
import { spawn } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey, hkdfSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { kvClient, ROOT } from "./gateway.js";
import { AUTHORITY, catalogue } from "./seed.js";
import { within } from "./within.js";

export const ADMIN = "admin.example";
const DEPLOYMENT = "e2e";
const ENVIRONMENTS = ["production", "uat"];
const DISKS = ["registry-disk", "gateway-disk", "kv-disk"];

const random = () => randomBytes(32).toString("base64url");

/** Everything that both Workers are told, each what it needs. */
function variables(settings, gateway, secrets) {
  const publishKey = random();
  const rings = Object.fromEntries(ENVIRONMENTS.map((name) => [name, [{ id: "m1", master: random() }]]));
  const tokenKeys = Object.fromEntries(ENVIRONMENTS.map((name) => [name, random()]));
  const each = (make) => Object.fromEntries(ENVIRONMENTS.map((name) => [name, make(name)]));
  const authority = (name, environment) => ({ authority: name, scheme: "http", environment, role: "api" });
  return {
    ROOT_TOKEN: random(),
    CATALOGUE: JSON.stringify(catalogue()),
    REGISTRY_SETTINGS: JSON.stringify({
      name: DEPLOYMENT, authority: ADMIN, scheme: "http", clientAddress: "peer", ...settings,
    }),
    REGISTRY_SECRETS: JSON.stringify({
      publishKey: { id: "p1", privateKey: publishKey },
      operatorRings: [{ id: "o1", master: random() }],
      environments: each((name) => ({ rings: rings[name], tokenKey: tokenKeys[name] })),
      ...secrets,
    }),
    CLOCK_AHEAD_S: "0",
    CLOCK_STANDS_AT_MS: "",
    GATEWAY_SETTINGS: JSON.stringify({
      name: DEPLOYMENT,
      authorities: [authority(AUTHORITY, "production"), authority("uat.example", "uat")],
      clientAddress: "peer",
      // Revocation is seen as soon as KV has it.
      isolateTtlSeconds: 0,
      tokenKeys: each((name) => ({ keys: [publicJwk(tokenKeys[name])] })),
      ...gateway,
    }),
    GATEWAY_SECRETS: JSON.stringify({
      publishKeys: [{ id: "p1", publicKey: publicJwk(publishKey).x }],
      environments: each((name) => ({ rings: rings[name] })),
    }),
  };
}

function publicJwk(privateKey) {
  // PKCS #8 of an Ed25519 key (RFC 8410 section 7) is this and the key's 32 bytes.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(privateKey, "base64url")]);
  const { kty, crv, x } = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" })).export({ format: "jwk" });
  return { kty, crv, x, kid: thumbprint({ crv, kty, x }) };
}

/** The keys of an organisation, as crates/keyward-wire/src/seal.rs derives them. */
function derived(master, organisation, ring) {
  const prefixed = (text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const key = (purpose, bytes) => {
    const info = Buffer.concat(["keyward", purpose, organisation, ring].map(prefixed));
    return Buffer.from(hkdfSync("sha512", Buffer.from(master, "base64url"), "", info, bytes)).toString("base64url");
  };
  return { seal: key("seal", 32), pepper: key("basic", 64) };
}

/** RFC 7638: the members in the order of their names. */
function thumbprint(jwk) {
  return createHash("sha256").update(JSON.stringify(jwk)).digest("base64url");
}

/**
 * @param {{ settings?: object, gateway?: object, secrets?: object, receiver?: { address: string }, meanwhile?: { address: string } }} [how]
 *   settings of either that are others than usual, secrets of the registry; what it asks of others goes to the `receiver`;
 *   `meanwhile` acts while keys are being made
 */
export async function startRegistry({ settings = {}, gateway = {}, secrets = {}, receiver, meanwhile } = {}) {
  const state = await mkdtemp(join(tmpdir(), "keyward-registry-"));
  for (const disk of DISKS) await mkdir(join(state, disk));
  const env = { ...process.env, ...variables(settings, gateway, secrets), MEANWHILE_IS_THERE: meanwhile ? "1" : "" };
  const authority = settings.authority ?? ADMIN;
  const others = Object.entries({ outbound: receiver, meanwhile }).filter(([, one]) => one)
    .map(([name, { address }]) => `--external-addr=${name}=${address}`);
  let running = await serve(state, env, others);
  const logs = running.logs;
  return {
    rootToken: env.ROOT_TOKEN,
    /** What verifies records and heads. */
    publishKey: createPublicKey({ key: publicJwk(JSON.parse(env.REGISTRY_SECRETS).publishKey.privateKey), format: "jwk" }),
    logs,
    /** What a server that verifies requests itself is given, besides the records. */
    verifies(organisation, environment = "production") {
      const { publishKeys, environments } = JSON.parse(env.GATEWAY_SECRETS);
      const rings = environments[environment].rings.map(({ id, master }) => [id, derived(master, organisation, id)]);
      return {
        publishKeys, environment, catalogue: catalogue(),
        organisationKeys: { deployment: DEPLOYMENT, environment, organisation, rings: Object.fromEntries(rings) },
      };
    },
    /** Where the objects keep what they know: `registry-disk` below it. */
    state,
    get port() {
      return running.ports.gateway;
    },
    /** Where the registry itself listens. */
    get adminPort() {
      return running.ports.registry;
    },
    /** Where the API is served, for clients that others wrote. */
    get url() {
      return `http://127.0.0.1:${running.ports.registry}`;
    },
    get kv() {
      return kvClient(`http://127.0.0.1:${running.ports.kv}`);
    },
    ask: (method, path, how) => ask(running.ports.registry, authority, method, path, how),
    /** By how much the gateway's clock is ahead from now on, until it is started anew. */
    gatewayAhead: (ms) => fetch(`http://127.0.0.1:${running.ports.clock}/?ms=${ms}`, { method: "POST", headers: { connection: "close" } }),
    /** What Cloudflare does by the clock. */
    cron: () => fetch(`http://127.0.0.1:${running.ports.cron}`),
    /** kill -9, as a machine that fails. */
    kill: () => running.kill(),
    /**
     * `aheadS`: by how much the registry's clock is ahead from now on, in seconds; `clockStands`: whether it stands still;
     * `settings`: others of the registry.
     */
    async restart({ aheadS, clockStands, settings: changed } = {}) {
      await running.kill();
      if (aheadS !== undefined) env.CLOCK_AHEAD_S = String(aheadS);
      if (clockStands !== undefined) env.CLOCK_STANDS_AT_MS = clockStands ? String(Date.now()) : "";
      if (changed !== undefined) env.REGISTRY_SETTINGS = JSON.stringify({ ...JSON.parse(env.REGISTRY_SETTINGS), ...changed });
      running = await serve(state, env, others, logs);
    },
    async stop() {
      await running.kill();
      await rm(state, { recursive: true, force: true });
    },
  };
}

async function serve(state, env, others, logs = []) {
  const workerd = join(ROOT, "node_modules/.bin/workerd");
  const disks = DISKS.map((disk) => `--directory-path=${disk}=${join(state, disk)}`);
  // Experimental is the event that the test of the cron sends.
  const args = ["serve", "--experimental", "--control-fd=3", `--import-path=${ROOT}`, ...disks, ...others, join(import.meta.dirname, "registry.capnp")];
  const child = spawn(workerd, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => logs.push(line));
  }
  const ports = {};
  const listening = Promise.withResolvers();
  createInterface({ input: child.stdio[3] }).on("line", (line) => {
    const said = JSON.parse(line);
    if (said.event === "listen") ports[said.socket] = said.port;
    if (Object.keys(ports).length === 5) listening.resolve();
  });
  child.once("close", () => listening.reject(new Error(`workerd ended:\n${logs.join("\n")}`)));
  await within(60_000, "workerd listens", listening.promise);
  // A test file in which no test fits a filter starts it and does not stop it: it must end all the same.
  const hold = [child, ...child.stdio.slice(1)];
  for (const one of hold) one.unref();
  return {
    ports,
    logs,
    async kill() {
      process.off("exit", end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      for (const one of hold) one.ref();
      const closed = once(child, "close");
      end();
      await closed;
    },
  };
}

/**
 * @param {{ body?: unknown, text?: string, cookie?: string, headers?: object, root?: string }} [how]
 *   `body` is sent as JSON, `text` as it is; a header that is null is left out; `from` is an address of this machine
 */
function ask(port, authority, method, path, { body, text, cookie, root, from, headers = {} } = {}) {
  const content = body === undefined ? text : JSON.stringify(body);
  const sent = {
    host: authority,
    ...(method === "GET" ? {} : { origin: `http://${authority}` }),
    ...(content === undefined ? {} : { "content-type": "application/json" }),
    ...(method === "GET" && content === undefined ? {} : { "content-length": Buffer.byteLength(content ?? "") }),
    ...(cookie ? { cookie } : {}),
    ...(root ? { authorization: `Bearer ${root}` } : {}),
    ...headers,
  };
  const present = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
  const answer = new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", localAddress: from, port, method, path, headers: present, agent: false }, async (response) => {
      try {
        const parts = [];
        for await (const part of response) parts.push(part);
        const text = Buffer.concat(parts).toString();
        const isJson = /[/+]json$/.test(response.headers["content-type"] ?? "");
        resolve({ status: response.statusCode, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : null });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
    request.end(content);
  });
  return within(60_000, `${method} ${path}`, answer);
}
