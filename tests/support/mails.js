// A double of a mail API at the receiver: what the registry's template makes of a mail, read back.
export const MAIL_API = "mail-api.example";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** For the registry's settings: the API of no real provider, with all that a template can have. */
export const MAIL = {
  from: "keyward@firm.example",
  fromName: "Keyward",
  http: {
    url: `https://${MAIL_API}/v1/send?region=eu`,
    headers: { "Idempotency-Key": "${idempotencyKey}" },
    body: {
      from: "${fromName} <${from}>",
      to: ["${to}"],
      subject: "${subject}",
      content: { text: "${text}", html: "${html}" },
      headers: {
        "Message-ID": "${messageId}",
        "X-Keyward-Event": "${event}",
        "List-Unsubscribe": "<${unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
    },
  },
};

/** Bounds of a day are of one day: what takes seconds does not begin in the last of them. */
export const aDayAhead = (eventually) => eventually(() => Date.now() % DAY_MS < DAY_MS - 55_000, "the next day");

/** The mails that arrived, each as it was sent, the oldest first; to one address, if one is named. */
export function mails(receiver, to) {
  const all = receiver.to(MAIL_API).map(({ text, headers, at }) => ({ ...JSON.parse(text), fields: headers, at }));
  return to === undefined ? all : all.filter((mail) => mail.to[0] === to);
}

/** What the link of the mail that asks an owner gives. */
export const tokenOf = (mail) => mail.content.text.match(/\/owners\/confirmation#(\S+)/)?.[1];

/** The path by which a mail program says that its reader wants no more of them. */
export const linkOf = (mail) => new URL(mail.headers["List-Unsubscribe"].slice(1, -1)).pathname;

/** Says that an address is its owner's, as soon as he is asked. */
export async function confirm(registry, receiver, address, eventually) {
  const asked = () => mails(receiver, address).find(tokenOf);
  await eventually(asked, `${address} is asked`);
  const answer = await registry.ask("POST", "/v1/owners/confirmation", { body: { token: tokenOf(asked()) } });
  if (answer.status !== 204) throw new Error(`${answer.status} ${answer.text}`);
}
