// Tells the registry of the use of keys, as the gateway does.
import type { Core } from "./core/core.js";
import { KeywardError } from "./errors.js";
import { openSigner } from "./signer.js";
import type { OnUsage } from "./types.js";

/** Where the registry is, and the key that may report to it. */
export interface ReporterOptions {
  /** As operators reach it, such as `"https://admin.example"`. */
  readonly url: string;
  /** Of a signed key that is granted `usage` (`c`) of the API `keyward`. */
  readonly keyId: string;
  readonly secret: string;
  /** The key's (`hmac-sha512`). */
  readonly algorithm?: "hmac-sha512" | "hmac-sha256" | undefined;
}

/** @internal */
export function openReporter(core: Core, { url, keyId, secret, algorithm }: ReporterOptions): OnUsage {
  const signer = openSigner(core, { keyId, secret, algorithm });
  if (typeof url !== "string" || !/^https?:\/\/[^/?#\\@]+\/?$/.test(url)) {
    throw new KeywardError("invalid_option", "url is to be that of the registry, without a path, such as \"https://admin.example\"");
  }
  const target = new URL("/v1/usage", url);
  return async (keys, { signal }) => {
    const headers = { "content-type": "application/json" };
    const answer = await signer.fetch(target, { method: "POST", headers, body: JSON.stringify({ keys }), signal });
    // Read either way, so that the connection can be used again.
    const text = await answer.text();
    if (!answer.ok) throw new Error(`keyward: the registry did not take the use of keys: ${answer.status} ${code(text)}`);
  };
}

/** The stable name in a problem; nothing of what else somebody may have answered. */
function code(text: string): string {
  return /"code":\s*"([a-z_]{1,64})"/.exec(text)?.[1] ?? "";
}
