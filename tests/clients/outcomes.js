// Every client in every case, once; the tests look at what came of it.
import { startOrigin } from "../support/origin.js";
import { deploy } from "./deployment.js";
import { PROFILES, loadClients } from "./load.js";

/** `says`: what a client is told to cover; `wrong`: it has the secret of another key. */
export const CASES = [
  { name: "GET", method: "GET", cover: "enough" },
  { name: "POST", method: "POST", cover: "enough" },
  { name: "GET, as it comes", method: "GET", cover: "as it comes" },
  { name: "POST, as it comes", method: "POST", cover: "as it comes" },
  { name: "GET, too little", method: "GET", cover: "too little" },
  { name: "POST, too little", method: "POST", cover: "too little" },
  { name: "GET, wrong secret", method: "GET", cover: "enough", wrong: true },
  { name: "POST, wrong secret", method: "POST", cover: "enough", wrong: true },
];

const PATH = "/remote/users";
const TARGETS = { GET: `${PATH}?limit=2&q=a%20b`, POST: PATH };
const CONTENT = JSON.stringify({ name: "Zoë" });

/** Whether a client has anything to show in a case: what it is to miss says so, where it can miss something. */
const has = ({ misses = {} }, { cover, method }) => cover === "enough" || misses[cover]?.[method] !== undefined;

/**
 * @returns one for each client and algorithm: `{ client, version, profile, algorithm, about, cases }`, where `cases` has
 *   what came of each by name: `{ status, problem, received, sent, keyId }`, or `{ error }` where the client itself failed
 */
export async function outcomes() {
  const clients = await loadClients();
  const rows = clients.flatMap((client) => {
    const algorithms = client.about.algorithms ?? [undefined];
    return algorithms.map((algorithm) => ({ ...client, client: client.about.client, algorithm, cases: {} }));
  });
  const keys = rows.flatMap(({ profile, algorithm }, at) =>
    ["right", "wrong"].map((which) => ({ name: `${which} ${at}`, ...PROFILES[profile], algorithm })),
  );
  const deployment = await deploy({ keys }, startOrigin);
  try {
    for (const [at, row] of rows.entries()) {
      const pair = { right: deployment.keys[`right ${at}`], wrong: deployment.keys[`wrong ${at}`] };
      for (const one of CASES.filter((one) => has(row.about, one))) {
        row.cases[one.name] = await outcome(deployment, row, one, pair);
      }
    }
  } finally {
    await deployment.stop();
    for (const client of clients) await client.stop();
  }
  return rows;
}

async function outcome({ url, origin }, row, { method, cover, wrong }, pair) {
  origin.reset();
  const { keyId } = pair.right;
  const target = row.about.query === false && cover === "enough" ? PATH : TARGETS[method];
  const job = {
    method,
    url: url + target,
    body: method === "POST" ? CONTENT : null,
    keyId,
    secret: (wrong ? pair.wrong : pair.right).secret,
    algorithm: row.algorithm,
    cover,
  };
  try {
    const { status, text } = await row.send(job);
    const problem = status === 200 ? null : JSON.parse(text);
    return { status, problem, received: origin.received, sent: { method, url: target, content: job.body ?? "" }, keyId };
  } catch (error) {
    return { error };
  }
}
