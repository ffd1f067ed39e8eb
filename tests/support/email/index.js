// A double of Cloudflare's `send_email` binding, which plain workerd lacks: what is sent goes to the receiver.
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async send(mail) {
    const answer = await fetch("https://send-email.example/", { method: "POST", body: JSON.stringify(mail) });
    if (!answer.ok) throw new Error(`refused with ${answer.status}`);
    return { messageId: "made-by-the-service" };
  }
}
