// An operator with an authenticator app: enrols, signs in, and asks with his session.
import { createHmac } from "node:crypto";

const PASSWORD = "correct horse battery staple";
/** A second factor is fresh for five minutes, and on a busy machine a test file takes longer. */
const FRESH_MS = 240_000;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code of an app (RFC 6238), so many steps of 30 seconds from now. */
export function totp(secret, steps = 0) {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const word = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, "0");
}

/** Founds an organisation, and gives its first firm-admin, signed in. */
export async function found(registry, name, email = `admin@${name}.example`) {
  const answer = await registry.ask("POST", "/v1/organisations", { root: registry.rootToken, body: { name, firmAdmin: email } });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  const operator = await enrol(registry, { organisation: name, email, invitation: answer.json.invitation });
  await operator.signIn();
  return operator;
}

/** With the code of the step before, which is taken, too, and leaves the present one for signing in. */
async function confirmed(registry, whose, secret) {
  for (;;) {
    const code = totp(secret, -1);
    const answer = await registry.ask("POST", "/v1/enrolment/confirmation", { body: { ...whose, code } });
    if (answer.status === 200) return answer;
    // Unless the next step began on the way, and it is the one before that.
    if (code === totp(secret, -1)) throw new Error(`${answer.status} ${answer.text}`);
  }
}

/** Sets password and app with an invitation. */
export async function enrol(registry, { organisation, email, invitation, password = PASSWORD }) {
  const whose = { organisation, email, invitation };
  const begun = await registry.ask("POST", "/v1/enrolment", { body: { ...whose, password } });
  if (begun.status !== 200) throw new Error(`${begun.status} ${begun.text}`);
  const secret = new URL(begun.json.otpauth).searchParams.get("secret");
  const done = await confirmed(registry, whose, secret);
  let signedInAt = Infinity;
  const operator = {
    organisation, email, password, secret,
    recoveryCodes: done.json.recoveryCodes,
    cookie: null,
    async signIn({ code = operator.recoveryCodes.pop() } = {}) {
      const answer = await registry.ask("POST", "/v1/session", { body: { organisation, email, password, code } });
      if (answer.status !== 200) return answer;
      operator.cookie = answer.headers["set-cookie"][0].split(";")[0];
      signedInAt = Date.now();
      return answer;
    },
    ask: (method, path, how = {}) => registry.ask(method, path, { cookie: operator.cookie, ...how }),
    /** The same, which fails unless the answer has this status. */
    async expect(status, method, path, body, headers) {
      if (Date.now() - signedInAt > FRESH_MS) await operator.signIn();
      const answer = await operator.ask(method, path, { body, headers });
      if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.json ?? answer.text;
    },
  };
  return operator;
}
