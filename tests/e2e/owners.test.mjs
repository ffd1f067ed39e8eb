// Guarantees that an owner can say in a browser that an address is his, and take that back: opening a page does nothing, its
// button does.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "../support/eventually.js";
import { linkOf, mails, MAIL } from "../support/mails.js";
import { found } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { ADMIN, startRegistry } from "../support/registry.js";
import { startBrowser } from "../support/chromium.js";

const TO = "ada@firm.example";
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

test("an owner confirms his address in Chromium, and takes that back", { timeout: 120_000 }, async () => {
  const receiver = await startReceiver();
  let registry, browser;
  try {
    registry = await startRegistry({ receiver, settings: { mail: MAIL } });
    const admin = await found(registry, "acme");
    await admin.expect(201, "POST", "/v1/keys", { ...KEY, name: "owned", owners: [TO] });
    await eventually(() => mails(receiver, TO).length === 1, "he is asked");
    const link = mails(receiver, TO)[0].content.text.match(/^http\S+$/m)[0];

    // The name is the registry's own, as in the mail; only where it is served is another place.
    browser = await startBrowser([`--host-resolver-rules=MAP ${ADMIN}:80 127.0.0.1:${registry.adminPort}`]);
    const page = await browser.open(link);
    const said = () => page.evaluate(`document.querySelector("[role=status]").textContent`);
    const canClick = `document.readyState === "complete" && !document.querySelector("button").disabled`;
    await eventually(() => page.evaluate(canClick), "the page is there");
    assert.equal(await said(), "");
    const log = async () => (await admin.expect(200, "GET", "/v1/audit?limit=1000")).includes("owner.confirmed");
    assert.equal(await log(), false, "opening it confirms nothing");

    await page.click("button");
    await eventually(async () => (await said()) === "Thank you. You will get these mails from now on.", "it thanks him");
    assert.equal(await page.evaluate(`document.querySelector("button").disabled`), true);
    assert.ok(await log());
    await eventually(() => mails(receiver, TO).length === 2, "what waited is sent");
    // Its own style and script ran, and it asked nobody else for anything.
    assert.deepEqual(page.problems, []);

    const other = await browser.open(`${link.slice(0, -1)}${link.endsWith("A") ? "B" : "A"}`);
    await eventually(() => other.evaluate(canClick), "the page is there");
    await other.click("button");
    const refused = () => other.evaluate(`document.querySelector("[role=status]").textContent`);
    await eventually(async () => (await refused()) === "This link is not good any more.", "it says so");

    const stopping = await browser.open(new URL(linkOf(mails(receiver, TO)[1]), link).href);
    await eventually(() => stopping.evaluate(canClick), "the page is there");
    const declined = async () => (await admin.expect(200, "GET", "/v1/audit?limit=1000")).includes("owner.declined");
    assert.equal(await declined(), false, "opening it stops nothing");
    await stopping.click("button");
    const stopped = () => stopping.evaluate(`document.querySelector("[role=status]").textContent`);
    await eventually(async () => (await stopped()) === "Done. You will get no more of these mails.", "it says so");
    assert.ok(await declined());
    assert.deepEqual(stopping.problems, []);
  } finally {
    await browser?.stop();
    await registry?.stop();
    await receiver.stop();
  }
});
