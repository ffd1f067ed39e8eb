// Requests of a client, as bytes: with a key, signed or Basic, and everything about them open to change.
import { open, send } from "./raw.js";
import { AUTHORITY } from "./seed.js";
import { basic, digest, signatureFields } from "./sign.js";

/** What was sent in confidence, in every spelling it had: none of it may be in a log. */
export const confided = new Set();

/**
 * The bytes of a request, head and content.
 *
 * @param {object} how
 *   `as`: the key; `target`, `method`, `host`, `fields`, `content`; `authority`: what the signature says where it is
 *   not `host`; `sign`: how `signatureFields` is to do it; `chunked`: content without its length;
 *   `digest`: false for none, or the whole field
 */
export function request(how = {}) {
  const { as: key, method = "GET", target = "/v1/things", host = AUTHORITY, content } = how;
  const fields = [...(how.fields ?? [])];
  if (key?.kind === "signed") {
    if (content !== undefined && how.digest !== false) {
      fields.push(["Content-Digest", how.digest ?? digest(content)]);
    }
    fields.push(...signatureFields(key, { method, authority: how.authority ?? host, target, fields }, how.sign));
  } else if (key?.kind === "token") {
    fields.push(["Authorization", `Bearer ${how.secret ?? key.token ?? key.secret}`]);
  } else if (key) {
    fields.push(basic(key, how.secret));
  }
  confide(target.split("?")[1], content, key?.secret, key?.token, how.secret);
  confide(...fields.filter(([name]) => SECRET_FIELDS.includes(name.toLowerCase())).map(([, value]) => value));
  const body = content === undefined ? null : Buffer.from(content);
  if (body) fields.push(how.chunked ? ["Transfer-Encoding", "chunked"] : ["Content-Length", String(body.length)]);
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`;
  return { head: Buffer.from(head, "latin1"), body, whole: whole(head, body, how.chunked) };
}

const SECRET_FIELDS = ["authorization", "proxy-authorization", "signature", "cookie"];

function confide(...all) {
  for (const one of all) {
    const text = one?.toString("latin1") ?? "";
    // The credential, not the scheme or label before it.
    const secret = text.match(/^(?:Basic |Bearer |\w+=:)(.*?):?$/)?.[1] ?? text;
    if (secret.length >= 8) confided.add(secret.slice(0, 64));
  }
}

function whole(head, body, chunked) {
  const parts = [Buffer.from(head, "latin1")];
  if (body && chunked) parts.push(chunk(body), chunk(""));
  else if (body) parts.push(body);
  return Buffer.concat(parts);
}

/** A chunk of chunked content; the empty one ends it. */
export function chunk(bytes) {
  const data = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
}

/** Sends it and gives the answer. */
export function call(gateway, how = {}) {
  return send(gateway.port, request(how).whole, { method: how.method, from: how.from });
}

/** Sends the head and gives the connection, for content that comes as the test likes. */
export async function begin(gateway, how) {
  const connection = await open(gateway.port, { from: how.from });
  await connection.write(request(how).head);
  return connection;
}
