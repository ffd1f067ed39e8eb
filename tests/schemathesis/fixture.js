// What nobody makes up, made through the API.
import { inObjects } from "../support/ageing.js";
import { admin as granted, form } from "../support/automation.js";
import { eventually } from "../support/eventually.js";
import { confirm, linkOf, MAIL_API, mails, tokenOf } from "../support/mails.js";
import { enrol } from "../support/operator.js";

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
const WEEK_S = 7 * 24 * 60 * 60;
const MAY_GRANT = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };

/** The mail API, at the receiver: it refuses what one owner is told, but for the question whether he is one. */
export function answer(response, { host, text }) {
  const mail = host === MAIL_API && JSON.parse(text);
  response.writeHead(mail && mail.to[0].startsWith("refused@") && !tokenOf(mail) ? 422 : 202).end();
}

/** Content by its operation, each good for once; the keys that sign it; and a delivery that was given up. */
export async function fixture(registry, receiver, admin) {
  const { organisation } = admin;
  const invite = async (email) => {
    const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "auditor", mayGrant: MAY_GRANT });
    return { organisation, email, invitation };
  };
  const make = (name, change) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name, ...change });
  const program = (grants) => admin.expect(201, "POST", "/v1/keys", form(`for ${Object.keys(grants)}`, [granted(grants)]));

  const { email, password, recoveryCodes } = await enrol(registry, await invite("person@firm.example"));
  const enrolling = await invite("enrolling@firm.example");
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
  const { items } = await admin.expect(200, "GET", "/v1/keys?limit=200");
  const tagOf = async ({ keyId }) => (await admin.ask("GET", `/v1/keys/${keyId}`)).headers.etag;
  const states = Object.fromEntries(await Promise.all(items.map(async (key) => [key.keyId, await tagOf(key)])));

  const lines = (await admin.expect(200, "GET", "/v1/backup")).trim().split("\n").map((line) => JSON.parse(line));
  const end = lines.findIndex((line) => "seal" in line);
  return {
    organisation,
    contents: {
      enrol: [{ ...(await invite("invited@firm.example")), password }],
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
    /** The ETag of each key that there is. */
    states,
    delivery: given.id,
    /** The token of his link who said no. */
    declining: path.split("/").at(-1),
  };
}
