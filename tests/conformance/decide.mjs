// One call of the suite, made of the package as anybody would, and its answer as the reference writes it.
// Runs wherever the package does.

/**
 * @param {typeof import("keyward")} keyward
 * @param {import("../../npm/src/core/core.js").Core} core for signing at a time and with a nonce of the suite's choice
 * @param {{ export: "decide" | "sign", call: any }} decision
 */
export async function answer(keyward, core, { export: name, call }) {
  return name === "sign" ? signed(core, call) : decided(keyward, call);
}

async function decided({ createVerifier }, { settings, catalogue, secrets, organisationKeys, records, request, clientAddress, now }) {
  let replay;
  const verifier = createVerifier({
    store: { get: async (name) => records[name] },
    publishKeys: secrets.publishKeys,
    organisationKeys,
    environment: "production",
    authorities: settings.authorities,
    catalogue,
    replay: {
      insert: async (key, until) => {
        replay = { key, until };
        return true;
      },
    },
    tokenKeys: settings.tokenKeys,
    clock: () => now * 1000,
    importedKeyIds: settings.importedKeyIds,
    debug: settings.debug,
    limits: {
      contentBytes: settings.contentBytesMax,
      createdAgeSeconds: settings.createdAgeSecondsMax,
      createdAheadSeconds: settings.createdAheadSecondsMax,
    },
  });
  try {
    const { grant, denial } = await verifier.verify(plain(request), { clientAddress: clientAddress ?? undefined });
    return grant === undefined ? denied(denial) : allowed(grant, replay);
  } finally {
    verifier.close();
  }
}

function plain({ method, scheme, authority, target, fields, content }) {
  const request = { method, scheme, authority, target, headers: fields };
  if (content === null) return request;
  return { ...request, body: bytes(content), contentLength: content.declared ?? "unknown" };
}

function bytes({ text, base64 }) {
  if (text !== undefined) return new TextEncoder().encode(text);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function allowed(grant, replay) {
  const { keyId, organisation, environment, generation, issue, roles, api, account, accounts } = grant;
  const { target, headers } = grant.forward();
  const forward = { target, fields: headers };
  return JSON.stringify({
    outcome: "allow",
    grant: { keyId, organisation, environment, generation, issue, roles, api, account, accounts, replay, forward },
  });
}

function denied({ status, code, headers, body }) {
  // The reference leaves these two to its host.
  const fields = headers.filter(([name]) => name !== "content-type" && name !== "cache-control");
  return `{"outcome":"deny","status":${status},"code":"${code}","fields":${JSON.stringify(fields)},"problem":${body}}`;
}

function signed(core, { request, key, created, nonce, profile }) {
  const { method, scheme, authority, target, fields, content } = request;
  const contentType = fields.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null;
  try {
    const added = core.sign(
      { method, scheme, authority, target, contentType, content: content === null ? new Uint8Array() : bytes(content) },
      { ...key, created, nonce, profile: profile ?? "rfc9421" },
    );
    return JSON.stringify({ fields: added });
  } catch ({ code, message }) {
    return JSON.stringify({ error: { code, message } });
  }
}
