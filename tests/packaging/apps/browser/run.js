// A page that signs a request, and verifies it at once: pages that are tools for those who write clients do both.
export async function run({ createSigner, createVerifier, memoryStore }) {
  const { options, records, key } = await (await fetch("/deployment.json")).json();
  const signer = createSigner(key);
  const verifier = createVerifier({ ...options, store: memoryStore(records) });

  const request = new Request("http://api.example/v1/things?limit=2", { method: "POST", body: "hello" });
  const headers = new Headers(request.headers);
  for (const [name, value] of await signer.sign(request)) headers.set(name, value);

  const { grant } = await verifier.verify(new Request(request.clone(), { headers }));
  const { denial } = await verifier.verify(new Request(request, { headers, body: "bye" }));
  document.body.textContent = `${grant?.keyId} ${denial?.code}`;
}
