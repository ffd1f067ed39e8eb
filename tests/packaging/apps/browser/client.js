// A page that asks an API of another origin, with signed requests: the browser asks first whether it may.
import { createSigner } from "keyward/inline";

async function main() {
  const { api, key } = await (await fetch("/deployment.json")).json();
  const answers = [];
  for (const profile of ["rfc9421", "cavage", "kong"]) {
    const signer = createSigner({ ...key, profile });
    const response = await signer.fetch(api, { method: "PUT", body: '{"name":"ada"}' });
    answers.push(`${profile} ${response.status} ${await response.text()}`);
  }
  document.body.textContent = answers.join("; ");
}

main();
