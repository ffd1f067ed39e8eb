// A deployment for a test file: settings, catalogue, and keys in whatever state the test wants.
import { execFile } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";

import { ROOT, XTASK } from "./gateway.js";

const DEPLOYMENT = "e2e";
export const AUTHORITY = "api.example";

/** One authority for each thing that an authority can be. */
const AUTHORITIES = [
  { authority: AUTHORITY, scheme: "http", environment: "production", role: "api" },
  { authority: "uat.example", scheme: "http", environment: "uat", role: "api" },
  { authority: "secure.example", scheme: "https", environment: "production", role: "api" },
  { authority: "admin.example", scheme: "http", environment: "production", role: "admin" },
];

const EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const SERVICE = { service: "ORIGIN" };

/** @param {string} remote where `/remote/` goes; the rest goes to the service binding */
export function catalogue(remote = "http://127.0.0.1:9") {
  const route = (path, more) => ({ methods: EVERY_METHOD, path, resource: "things", ...more });
  return {
    apis: [
      {
        name: "local",
        resources: ["things"],
        origin: "echo",
        routes: [
          route("/v1/**"),
          route("/v1/accounts/{account}/things", { account: "account" }),
          route("/v1/mine", { accounts: "origin" }),
          route("/slash/**", { encodedSlash: true }),
          route("/empty/**", { emptySegments: true }),
          route("/semicolon/**", { semicolon: true }),
          route("/signed/**", { basic: false }),
        ],
      },
      {
        name: "browser",
        resources: ["things"],
        origin: "echo",
        cors: { origins: ["https://console.example"], maxAge: 60, exposeHeaders: ["etag"] },
        routes: [{ methods: ["GET", "PUT"], path: "/browser/**", resource: "things" }],
      },
      {
        name: "remote",
        resources: ["things"],
        origin: "remote",
        routes: [
          route("/remote/**"),
          route("/remote/slash/**", { encodedSlash: true }),
          route("/remote/empty/**", { emptySegments: true }),
          route("/remote/semicolon/**", { semicolon: true }),
        ],
      },
    ],
    origins: {
      echo: { production: SERVICE, uat: SERVICE },
      remote: { production: { url: remote }, uat: { url: remote } },
    },
  };
}

/**
 * @param {{ keys: object[], settings?: object, remote?: string, vars?: object }} plan
 *   what a key may say is in xtask's records.rs
 * @returns what `startGateway` takes, and the keys by name
 */
export async function seed({ keys, settings = {}, remote, vars = {} }) {
  const file = catalogue(remote);
  const plan = { deployment: DEPLOYMENT, environments: ["production", "uat"], catalogue: file, keys };
  const made = JSON.parse(await run(["records"], JSON.stringify(plan)));
  const written = {
    name: DEPLOYMENT,
    authorities: AUTHORITIES,
    clientAddress: "peer",
    importedKeyIds: true,
    ...settings,
  };
  // Keys of an environment that has no authority would be a mistake in the settings.
  const served = written.authorities.map((one) => one.environment);
  written.tokenKeys ??= Object.fromEntries(Object.entries(made.tokenKeys).filter(([name]) => served.includes(name)));
  return {
    vars: { SETTINGS: JSON.stringify(written), SECRETS: made.secrets, CATALOGUE: JSON.stringify(file), ...vars },
    records: Object.fromEntries(Object.values(made.keys).map((key) => [key.kvName, key.live])),
    keys: made.keys,
    /** By environment, for verifiers of the organisation's own. */
    organisationKeys: made.organisationKeys,
    /** By environment: the JWK set that is published, and the private JWK, which only tests ever see. */
    tokenKeys: made.tokenKeys,
    tokenSigners: made.tokenSigners,
    /** A record with its payload changed, signed as the registry does unless told otherwise. */
    republish(text, change, { name, id = made.publisher.id, privateKey = made.publisher.privateKey } = {}) {
      const payload = JSON.parse(Buffer.from(text.split(".")[2], "base64url"));
      change(payload);
      return envelope(Buffer.from(JSON.stringify(payload)), name ?? `k/${payload.keyId}`, id, privateKey);
    },
  };
}

function envelope(payload, name, id, privateKey) {
  // PKCS #8 of an Ed25519 key (RFC 8410 section 7) is this and the key's 32 bytes.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(privateKey, "base64url")]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const signed = Buffer.concat([Buffer.from(`keyward-record-v1\0${name}\0`), payload]);
  return `kwr1.${id}.${payload.toString("base64url")}.${sign(null, signed, key).toString("base64url")}`;
}

function run(args, input) {
  const [program, ...first] = XTASK;
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...first, ...args], { cwd: ROOT }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin.end(input);
  });
}
