// Tokens that nobody should make, rightly signed: any header and any payload.
import { createHmac, createPrivateKey, sign } from "node:crypto";

const HASHES = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

const encode = (text) => Buffer.from(text).toString("base64url");
const part = (token, index) => JSON.parse(Buffer.from(token.split(".")[index], "base64url"));

/** Header and claims of a token. */
export const parsed = (token) => ({ header: part(token, 0), claims: part(token, 1) });

/**
 * A token with members of its header or claims changed, or left out with undefined, signed again as its key is.
 *
 * @param {{ secret: string, tokenSecret: string | null }} key
 * @param {{ d: string }} signer the environment's private JWK
 */
export function forged(key, signer, { header = {}, claims = {} } = {}) {
  const original = parsed(key.secret);
  const written = { ...original.header, ...header };
  const message = `${encode(JSON.stringify(written))}.${encode(JSON.stringify({ ...original.claims, ...claims }))}`;
  return `${message}.${signature(message, original.header.alg, key, signer)}`;
}

function signature(message, alg, key, signer) {
  if (alg === "EdDSA") {
    const privateKey = createPrivateKey({ key: signer, format: "jwk" });
    return sign(null, Buffer.from(message), privateKey).toString("base64url");
  }
  const secret = Buffer.from(key.tokenSecret, "base64url");
  return createHmac(HASHES[alg], secret).update(message).digest("base64url");
}
