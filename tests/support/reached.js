// A registry whose mails and webhooks arrive at a receiver, with one organisation, its firm-admin, and what tests of notices
// ask of them.
import { eventually } from "./eventually.js";
import { confirm, mails, MAIL } from "./mails.js";
import { found } from "./operator.js";
import { startReceiver } from "./receiver.js";
import { startRegistry } from "./registry.js";

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

/** @param {Parameters<typeof startRegistry>[0]} [how] */
export async function startReached({ settings = {}, ...how } = {}) {
  const receiver = await startReceiver();
  const registry = await startRegistry({ receiver, settings: { mail: MAIL, ...settings }, ...how }).catch(async (error) => {
    await receiver.stop();
    throw error;
  });
  const admin = await found(registry, "acme");
  const make = (name, owners = [], more = {}) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name, owners, ...more });
  const deliveries = async (query) => (await admin.expect(200, "GET", `/v1/deliveries?${query}`)).items;
  return {
    receiver,
    registry,
    admin,
    make,
    deliveries,
    /** The mails to an address; all of them when there is none. */
    mails: (to) => mails(receiver, to),
    /** Says that an address is its owner's, as soon as he is asked. */
    confirm: (address) => confirm(registry, receiver, address, eventually),
    /** An owner who has said that his address is his; what he got until then is forgotten. */
    async owner(address) {
      await make(`for ${address}`, [address]);
      await confirm(registry, receiver, address, eventually);
      await eventually(() => mails(receiver, address).length === 2, "what waited for that is sent");
      receiver.received = [];
      return address;
    },
    async webhook(host, more = {}) {
      return admin.expect(201, "POST", "/v1/webhooks", { url: `https://${host}/in?token=t0ken`, ...more });
    },
    /** Changes a webhook as it is now. */
    async editWebhook({ id }, edit) {
      const { headers } = await admin.ask("GET", `/v1/webhooks/${id}`);
      return admin.expect(200, "PATCH", `/v1/webhooks/${id}`, edit, { "if-match": headers.etag });
    },
    removeWebhook: ({ id }) => admin.expect(204, "DELETE", `/v1/webhooks/${id}`),
    async stop() {
      await registry.stop();
      await receiver.stop();
    },
  };
}
