// Guarantees what is in the archive, that every resolver finds it with its types, and that it needs nothing else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { publint } from "publint";
import { formatMessage } from "publint/utils";

import { ARCHIVE, NODES, ROOT, json } from "./support.js";

const files = execFileSync("tar", ["--list", "--gzip", "--file", ARCHIVE], { encoding: "utf8" })
  .trim()
  .split("\n")
  .map((name) => name.replace(/^package\//, ""));
const manifest = json(join(ROOT, "npm/package.json"));

test("the archive holds what runs, its types, and its licences", () => {
  const other = files.filter((name) => !/^dist\/(keyward\.wasm|(esm|cjs)\/.*\.(js|cjs|d\.ts|d\.cts))$/.test(name));
  assert.deepEqual(other.sort(), ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "dist/cjs/package.json", "package.json"]);
  const wasm = execFileSync("tar", ["--extract", "--gzip", "--to-stdout", "--file", ARCHIVE, "package/dist/keyward.wasm"], { maxBuffer: 1 << 26 });
  console.log(`| keyward.tgz: ${files.length} files, ${statSync(ARCHIVE).size} bytes; keyward.wasm ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} with gzip -9 |`);
});

test("every file that package.json names is there", () => {
  const named = [];
  JSON.stringify([manifest.exports, manifest.imports], (_, value) => {
    if (typeof value === "string") named.push(value.replace(/^\.\//, ""));
    return value;
  });
  assert.deepEqual(named.filter((name) => !files.includes(name)), []);
});

test("one version for crates and package, and what is named twice is the same", () => {
  const [, version] = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^version = "(.+)"$/m);
  assert.equal(manifest.version, version);
  const [root, own] = [join(ROOT, "package.json"), join(import.meta.dirname, "package.json")].map((file) => json(file).devDependencies);
  for (const name of Object.keys(own)) assert.equal(root[name] ?? own[name], own[name], name);
  assert.equal(manifest.dependencies, undefined, "the package needs no other");
});

test("publint has nothing to say", async () => {
  const archive = readFileSync(ARCHIVE);
  const { messages, pkg } = await publint({ pack: { tarball: archive.buffer.slice(archive.byteOffset, archive.byteOffset + archive.length) }, strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test("are-the-types-wrong has nothing to say", () => {
  // Not resolution of Node 10, which knows no exports. It exits with 1 when it finds something.
  const attw = join(ROOT, "node_modules/@arethetypeswrong/cli/dist/index.js");
  try {
    execFileSync(process.execPath, [attw, ARCHIVE, "--profile", "node16", "--no-emoji", "--no-color"], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    assert.fail(error.stdout);
  }
});

/** What a program has that installs the package and nothing else. */
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-packaging-"));
  writeFileSync(join(folder, "package.json"), "{}");
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", ARCHIVE], { cwd: folder, stdio: "pipe" });
});
after(() => rmSync(folder, { recursive: true }));

test("nothing else is installed with it", () => {
  const installed = Object.keys(json(join(folder, "package-lock.json")).packages);
  assert.deepEqual(installed, ["", "node_modules/keyward"]);
});

test("it is loaded at once, by import and by require, from the file and inline", () => {
  const sign = `createSigner({ keyId: "kwk", secret: "kws" }).sign(new Request("https://api.example/v1"))
    .then((fields) => console.log(fields.map(([name]) => name).join()));`;
  const plain = Object.keys(manifest.exports).filter((name) => !/json|fastify|hono/.test(name));
  const own = plain.map((name) => JSON.stringify(`keyward${name.slice(1)}`));
  writeFileSync(join(folder, "all.mjs"), own.map((name) => `await import(${name});`).join("\n"));
  writeFileSync(join(folder, "all.cjs"), own.map((name) => `require(${name});`).join("\n"));
  for (const entry of ["keyward", "keyward/inline"]) {
    const file = entry.replace("/", "-");
    writeFileSync(join(folder, `${file}.mjs`), `import { createSigner } from "${entry}";\n${sign}`);
    writeFileSync(join(folder, `${file}.cjs`), `const { createSigner } = require("${entry}");\n${sign}`);
  }
  for (const [name, node] of Object.entries(NODES)) {
    assert.ok(existsSync(node), name);
    const run = (file) => execFileSync(node, [join(folder, file)], { encoding: "utf8" });
    for (const file of ["keyward.mjs", "keyward.cjs", "keyward-inline.mjs", "keyward-inline.cjs"]) {
      assert.equal(run(file), "signature-input,signature\n", `${name} ${file}`);
    }
    run("all.mjs");
    run("all.cjs");
  }
});
