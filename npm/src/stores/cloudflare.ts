import type { KeyStore } from "../types.js";

/** Where the namespace is, and what may read it. */
export interface CloudflareKvOptions {
  accountId: string;
  namespaceId: string;
  /** An API token that may read Workers KV of this account, and nothing else. */
  token: string;
  /** Instead of Cloudflare's own: a proxy of yours, for example. */
  baseUrl?: string;
  fetch?: typeof globalThis.fetch;
}

const BASE_URL = "https://api.cloudflare.com/client/v4";

/** More than a record may have, so that no answer fills the memory. */
const ANSWER_BYTES_MAX = 512 * 1024;

/**
 * Records from Workers KV through Cloudflare's REST API, for programs that run elsewhere. The API is slower than a
 * binding and allows some 1,200 calls in five minutes, so `cacheTtl` of the verifier should not be short.
 *
 * @example
 * ```ts
 * import { cloudflareKvStore } from "keyward";
 *
 * const store = cloudflareKvStore({ accountId: "0123abcd", namespaceId: "4567cdef", token: "a token that may read KV" });
 * ```
 */
export function cloudflareKvStore({ accountId, namespaceId, token, baseUrl = BASE_URL, fetch = globalThis.fetch }: CloudflareKvOptions): KeyStore {
  for (const [name, value] of Object.entries({ accountId, namespaceId, token })) {
    if (typeof value !== "string" || value === "") throw new TypeError(`cloudflareKvStore wants ${name}, as text`);
  }
  const values = `${baseUrl}/accounts/${encodeURIComponent(accountId)}/storage/kv/namespaces/${encodeURIComponent(namespaceId)}/values/`;
  const headers = { authorization: `Bearer ${token}` };
  return {
    async get(name, { signal }) {
      // Redirects would carry the token elsewhere.
      const response = await fetch(values + encodeURIComponent(name), { headers, signal, redirect: "error" });
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`Cloudflare's API answered ${response.status}`);
      }
      return text(response);
    },
  };
}

async function text(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let read = 0;
  let text = "";
  for await (const chunk of chunks(response)) {
    read += chunk.byteLength;
    if (read > ANSWER_BYTES_MAX) throw new Error("Cloudflare's API answered with more than a record can be");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Not every browser can iterate a stream. Leaving the loop early cancels it. */
async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
