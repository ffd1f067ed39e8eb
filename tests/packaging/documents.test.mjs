// Guarantees that every example of the package's documents compiles, runs, and prints what it says it does, and that
// nothing public is without documentation.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { createVerifier, memoryStore } from "keyward";
import { keyward } from "keyward/node";

import { deployment } from "./suite.mjs";
import { ROOT } from "./support.js";

const SOURCES = globSync("npm/src/**/*.{ts,cts}", { cwd: ROOT }).sort();
const FOLDER = join(ROOT, "target/npm/examples");
const ENTRIES = ["keyward", "keyward/express", "keyward/fastify", "keyward/hono", "keyward/node"];

const read = (file) => readFileSync(join(ROOT, file), "utf8");

/** The fenced blocks of a text, of a doc comment without its stars. */
const blocks = (text) => [...text.matchAll(/^( *\* )?```ts\n([\s\S]*?)^\1?```$/gm)].map(([, star, code]) => (star ? code.replaceAll(/^ *\* ?/gm, "") : code));

const EXAMPLES = ["npm/README.md", ...SOURCES].flatMap((file) =>
  blocks(read(file)).map((code, i) => ({ name: `${file} ${i + 1}`, file: `${file.replace(/\W+/g, "-")}-${i + 1}.ts`, code })),
);

/** What the examples import: everything that is not the package's. */
const DEPLOYMENT = `
import { readFileSync } from "node:fs";
import { type Catalogue, type OrganisationKeys, type PublishKey, createVerifier, memoryStore } from "keyward";

interface Setting {
  catalogue: Catalogue; publishKeys: PublishKey[]; organisationKeys: OrganisationKeys;
  records: Record<string, string>; key: { keyId: string; secret: string }; basic: string; url: string;
}
const setting: Setting = JSON.parse(readFileSync(new URL("../deployment.json", import.meta.url), "utf8"));
export const { catalogue, publishKeys, organisationKeys, records, key, url } = setting;
export const snapshot = new URL("../keys.json", import.meta.url);
export const request = new Request("https://api.example/v1/things", { headers: { authorization: setting.basic } });
export const verifier = createVerifier({
  catalogue, publishKeys, organisationKeys, store: memoryStore(records), environment: "production", authorities: ["https://api.example"],
});
export async function select(_query: string, [name]: [string], _options: { signal: AbortSignal }): Promise<{ record: string } | undefined> {
  const record = records[name];
  return record === undefined ? undefined : { record };
}
`;

let server;
before(async () => {
  const { keys, records, options } = await deployment();
  let listener;
  server = createServer((request, response) => listener(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  const verifier = createVerifier({ ...options, authorities: [origin], store: memoryStore(records) });
  listener = keyward({ verifier }, (request, response) => response.end());

  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  symlinkSync(join(import.meta.dirname, "node_modules"), join(FOLDER, "node_modules"));
  const { keyId, secret } = keys.signed;
  const basic = `Basic ${btoa(`${keys.basic.keyId}:${keys.basic.secret}`)}`;
  const { catalogue, publishKeys, organisationKeys } = options;
  const setting = { catalogue, publishKeys, organisationKeys, records, key: { keyId, secret }, basic, url: `${origin}/v1/things` };
  const write = (name, text) => writeFileSync(join(FOLDER, name), text);
  write("deployment.json", JSON.stringify(setting));
  write("keys.json", JSON.stringify(records));
  write("deployment.ts", DEPLOYMENT);
  write("package.json", '{ "type": "module" }');
  const compilerOptions = {
    target: "es2022", module: "nodenext", strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true,
    lib: ["es2024", "dom", "dom.iterable"], types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")], outDir: "out", rootDir: ".",
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  for (const { file, code } of EXAMPLES) write(file, code);
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test("every example compiles, with the types of the package", () => {
  assert.ok(EXAMPLES.length > 10, `${EXAMPLES.length} examples`);
  try {
    execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "--project", FOLDER], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    assert.fail(error.stdout);
  }
});

test("the types need no more than Node's, or a browser's", () => {
  const types = {
    node: ["--lib", "es2022", "--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")],
    browser: ["--lib", "es2022,dom", "--types", ""],
  };
  const imports = { node: ENTRIES.filter((entry) => !/fastify|hono/.test(entry)), browser: ["keyward", "keyward/inline"] };
  for (const [where, options] of Object.entries(types)) {
    const file = join(FOLDER, `types-${where}.mts`);
    writeFileSync(file, imports[where].map((entry, i) => `export * as a${i} from "${entry}";`).join("\n"));
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", ...options, file];
    const { status, stdout } = spawnSync(process.execPath, [...tsc, "--ignoreConfig"], { encoding: "utf8", cwd: FOLDER });
    assert.equal(status, 0, `${where}\n${stdout}`);
  }
});

describe("every example runs and prints what it says", () => {
  for (const { name, file, code } of EXAMPLES) {
    test(name, async () => {
      const script = join(FOLDER, "out", file.replace(/\.ts$/, ".js"));
      const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: FOLDER });
      const said = stdout.split("\n").slice(0, -1);
      const expected = code.split("\n").filter((line) => line.trim().startsWith("console.log(")).map((line) => line.split("; // ")[1]);
      assert.equal(said.length, expected.length, stdout);
      for (const [i, line] of expected.entries()) if (line !== undefined) assert.equal(said[i], line);
    });
  }
});

test("everything public is documented, and what can be called has an example", async () => {
  const documented = new Map();
  for (const file of SOURCES) {
    const declared = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export (?:declare )?(?:async )?(?:function|const|class|interface|type) (\w+)/g;
    for (const [, comment = "", name] of read(file).matchAll(declared)) {
      const known = documented.get(name) ?? "";
      documented.set(name, comment.length > known.length ? comment : known);
    }
  }
  const types = globSync("target/npm/package/dist/esm/{index,everywhere,wire,node,middleware/{express,fastify,hono,node}}.d.ts", { cwd: ROOT });
  const exported = types.flatMap((file) => [...read(file).matchAll(/^export (?:declare )?(?:interface|type|function|const|class) (\w+)/gm)].map(([, name]) => name));
  const lists = [...read("npm/src/everywhere.ts").matchAll(/export (?:type )?{([^}]*)}/g)].flatMap(([, names]) => names.split(",").map((name) => name.replace("type ", "").trim()));
  const bare = [...exported, ...lists].filter((name) => name !== "" && !documented.get(name));
  assert.deepEqual(bare, [], "not documented");
  const called = (await Promise.all(ENTRIES.map(async (entry) => Object.keys(await import(entry))))).flat();
  assert.deepEqual(called.filter((name) => !documented.get(name)?.includes("```ts")), [], "without an example");
  console.log(`${EXAMPLES.length} examples of ${relative(ROOT, FOLDER)}`);
});
