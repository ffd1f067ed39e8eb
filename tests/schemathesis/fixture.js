// What nobody makes up, made through the API.
import { inObjects } from "../support/ageing.js";
import { admin as granted, form } from "../support/automation.js";
import { eventually } from "../support/eventually.js";
import { confirm, linkOf, MAIL_API, mails, tokenOf } from "../support/mails.js";
import { enrol } from "../support/operator.js";

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
const WEEK_S = 7 * 24 * 60 * 60;
const MAY_GRANT = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };

const OF_A_KEY = ["showKey", "editKey", "removeKey", "acknowledgeKey", "disableKey", "enableKey", "rotateKey", "endRotation", "secretAgain"];
const OF_A_WEBHOOK = [["showWebhook", "editWebhook"], ["rotateWebhook", "endWebhookRotation"], ["testWebhook"], ["removeWebhook"]];
const OF_AN_OPERATOR = [["editOperator", "inviteOperatorAgain"], ["removeOperator"]];
const OF_A_ROLE = ["editRole", "removeRole"];
const share = (ids, operations, id) => Object.assign(ids, Object.fromEntries(operations.map((operation) => [operation, id])));

/** The mail API, at the receiver: it refuses what one owner is told, but for the question whether he is one. */
export function answer(response, { host, text }) {
  const mail = host === MAIL_API && JSON.parse(text);
  response.writeHead(mail && mail.to[0].startsWith("refused@") && !tokenOf(mail) ? 422 : 202).end();
}

/** Content by its operation, each good for once, and the keys that sign it; whose each operation is; and states. */
export async function fixture(registry, receiver, admin) {
  const { organisation } = admin;
  const invite = async (email) => {
    const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "auditor", mayGrant: MAY_GRANT });
    return { id, form: { organisation, email, invitation } };
  };
  const make = (name, change) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name, ...change });
  const program = (grants) => admin.expect(201, "POST", "/v1/keys", form(`for ${Object.keys(grants)}`, [granted(grants)]));

  const { email, password, recoveryCodes } = await enrol(registry, (await invite("person@firm.example")).form);
  const { form: enrolling } = await invite("enrolling@firm.example");
  const begun = await registry.ask("POST", "/v1/enrolment", { body: { ...enrolling, password } });

  const [owner, refused, declining] = ["asked", "refused", "declining"].map((name) => `${name}@${organisation}.example`);
  const used = await make("an owner is asked", { owners: [owner] });
  await eventually(() => mails(receiver, owner).some(tokenOf), "the owner is asked", 20_000);
  const [token] = mails(receiver, owner).map(tokenOf);

  await make("an owner says no", { owners: [declining] });
  await eventually(() => mails(receiver, declining).length > 0, "he is asked", 20_000);
  const path = linkOf(mails(receiver, declining)[0]);
  const said = await registry.ask("POST", path, {
    text: "List-Unsubscribe=One-Click", headers: { "content-type": "application/x-www-form-urlencoded", origin: null },
  });
  if (said.status !== 204) throw new Error(`${said.status} ${said.text}`);
  // Nobody is asked twice in a week.
  await registry.kill();
  await inObjects(registry, "organisation", "owners", [`UPDATE owners SET asked_at_s = asked_at_s - ${WEEK_S} WHERE address = '${declining}'`]);
  await registry.restart();

  await make("a mail is refused", { owners: [refused] });
  await confirm(registry, receiver, refused, eventually);
  const givenUp = `/v1/deliveries?recipient=${refused}&state=givenUp`;
  let given;
  await eventually(async () => (given = (await admin.expect(200, "GET", givenUp)).items[0]), "it is given up", 20_000);

  const keys = { openSession: await program({ session: "c" }), reportUsage: await program({ usage: "c" }) };
  const ids = { retryDelivery: given.id, showJwks: KEY.environment };
  for (const operation of OF_A_KEY) ids[operation] = (await make(`for ${operation}`)).keyId;
  for (const operations of OF_A_WEBHOOK) share(ids, operations, (await admin.expect(201, "POST", "/v1/webhooks", { url: "https://hooks.firm.example/in" })).id);
  for (const operations of OF_AN_OPERATOR) share(ids, operations, (await invite(`${operations[0]}@firm.example`)).id);
  for (const operation of OF_A_ROLE) ids[operation] = (await admin.expect(201, "POST", "/v1/roles", { name: operation.toLowerCase(), grants: { local: { things: "r" } } })).name;

  const shown = { keys: "keyId", webhooks: "id" };
  const states = {};
  for (const [kind, id] of Object.entries(shown)) {
    const { items } = await admin.expect(200, "GET", `/v1/${kind}`);
    for (const one of items) states[one[id]] = (await admin.ask("GET", `/v1/${kind}/${one[id]}`)).headers.etag;
  }

  const lines = (await admin.expect(200, "GET", "/v1/backup")).trim().split("\n").map((line) => JSON.parse(line));
  const end = lines.findIndex((line) => "seal" in line);
  return {
    organisation,
    contents: {
      enrol: [{ ...(await invite("invited@firm.example")).form, password }],
      confirmEnrolment: [enrolling],
      openSession: [{ organisation, email, password, code: recoveryCodes.pop() }, { code: admin.recoveryCodes.pop() }],
      refreshSession: [{ code: admin.recoveryCodes.pop() }],
      confirmOwner: [{ token }],
      askOwner: [{ owner: declining }],
      reportUsage: [{ keys: [{ organisation, keyId: used.keyId, allowed: 1, issues: [], denials: [["key_expired", 2]] }] }],
      restore: [{ lines: lines.slice(0, end), seal: lines[end].seal }],
    },
    /** Of who is enrolling. */
    otpauth: begun.json.otpauth,
    keys,
    /** By operation, whose it is for once. */
    ids,
    /** The ETag of each key and webhook that there is. */
    states,
    /** The token of his link who said no. */
    declining: path.split("/").at(-1),
  };
}
