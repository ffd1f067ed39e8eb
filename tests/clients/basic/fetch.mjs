// fetch, as Node and browsers have it.
export const about = { client: "fetch" };

export async function send({ method, url, body, keyId, secret }) {
  const headers = { authorization: `Basic ${btoa(`${keyId}:${secret}`)}` };
  const response = await fetch(url, { method, headers, body });
  return { status: response.status, text: await response.text() };
}
