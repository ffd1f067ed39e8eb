// Workers KV for plain workerd: what its `kvNamespace` binding asks for, kept on disk, and able to misbehave.
// The binding uses the default entrypoint. `Admin` is for tests, over HTTP:
//   GET, PUT, DELETE /<key>            at once and unseen: no fault, no log
//   GET  /__log                        what the binding asked for: [{ op, key }]
//   POST /__fail?n=3&only=get          the next n operations answer 500 (without n: all of them)
//   POST /__delay?ms=200&only=put      operations take longer
//   POST /__stale?on=1                 reads see the store as it is now, until on=0
//   POST /__hold?key=k/a               writes wait, unanswered
//   POST /__release?order=reverse      they happen, in that order, and so do later ones
//   POST /__release?order=reverse&n=1  so many happen, in that order; the others and later ones wait on
//   POST /__reset                      no faults, empty log;  POST /__clear also forgets every key
// `only` is one of get, put, delete, list; with `key`, only what asks for that key.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const GET_BULK_MAX = 100;
const LIST_MAX = 1000;

export class Store extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    for (const table of ["now", "then"]) {
      this.sql.exec(
        `CREATE TABLE IF NOT EXISTS "${table}" (key TEXT PRIMARY KEY, value BLOB, metadata TEXT, expires_at_s INTEGER)`,
      );
    }
    this.reset();
  }

  // -- what the binding asks for

  async fetch(request) {
    const asked = await parse(request);
    this.log.push({ op: asked.op, key: asked.key ?? null });
    if (applies(this.delay, asked)) await new Promise((resolve) => setTimeout(resolve, this.delay.ms));
    if (applies(this.failing, asked) && this.failing.left > 0) {
      this.failing.left -= 1;
      return new Response("injected failure", { status: 500 });
    }
    if (this.held && applies(this.hold, asked) && (asked.op === "put" || asked.op === "delete")) {
      await new Promise((resolve) => this.held.push(resolve));
    }
    return this.answer(asked, this.stale ? "then" : "now");
  }

  answer(asked, table) {
    switch (asked.op) {
      case "get": {
        if (asked.keys) return this.getBulk(asked, table);
        const row = this.row(asked.key, table);
        if (!row) return new Response(null, { status: 404 });
        return new Response(row.value, { headers: row.metadata ? { "cf-kv-metadata": row.metadata } : {} });
      }
      case "list":
        return this.list(asked, table);
      case "put":
        this.put(asked);
        return new Response();
      case "delete":
        this.sql.exec("DELETE FROM now WHERE key = ?", asked.key);
        return new Response();
      default:
        return new Response("not a KV operation", { status: 400 });
    }
  }

  row(key, table) {
    const rows = this.sql.exec(`SELECT * FROM "${table}" WHERE key = ?`, key).toArray();
    return rows.find((row) => row.expires_at_s === null || row.expires_at_s > Date.now() / 1000);
  }

  getBulk({ keys, type, withMetadata }, table) {
    if (keys.length < 1 || keys.length > GET_BULK_MAX) return new Response("1 to 100 keys", { status: 400 });
    const found = keys.map((key) => {
      const row = this.row(key, table);
      if (!row) return [key, null];
      const text = new TextDecoder().decode(row.value);
      const value = type === "json" ? JSON.parse(text) : text;
      return [key, withMetadata ? { value, metadata: JSON.parse(row.metadata ?? "null") } : value];
    });
    return Response.json(Object.fromEntries(found));
  }

  list({ prefix, after, limit }, table) {
    const rows = this.sql
      .exec(
        `SELECT * FROM "${table}" WHERE substr(key, 1, ?) = ? AND key > ? AND coalesce(expires_at_s, 1e18) > ?
         ORDER BY key LIMIT ?`,
        prefix.length, prefix, after, Date.now() / 1000, limit + 1,
      )
      .toArray();
    const more = rows.length > limit;
    if (more) rows.pop();
    const keys = rows.map(({ key, metadata, expires_at_s }) => ({
      name: key,
      ...(expires_at_s === null ? {} : { expiration: expires_at_s }),
      ...(metadata === null ? {} : { metadata }),
    }));
    const rest = more ? { list_complete: false, cursor: keys.at(-1).name } : { list_complete: true };
    return Response.json({ keys, ...rest, cacheStatus: null });
  }

  put({ key, value, metadata, expiresAt }) {
    this.sql.exec("INSERT OR REPLACE INTO now VALUES (?, ?, ?, ?)", key, value, metadata, expiresAt);
  }

  // -- what tests ask for

  reset() {
    this.log = [];
    this.failing = this.delay = this.hold = this.held = null;
    this.stale = false;
  }

  command(name, args) {
    const { only = null, key = null } = args;
    switch (name) {
      case "log":
        return this.log;
      case "fail":
        this.failing = { only, key, left: Number(args.n ?? Infinity) };
        break;
      case "delay":
        this.delay = { only, key, ms: Number(args.ms) };
        break;
      case "stale":
        this.stale = args.on !== "0";
        this.sql.exec('DELETE FROM "then"');
        if (this.stale) this.sql.exec('INSERT INTO "then" SELECT * FROM now');
        break;
      case "hold":
        this.hold = { only, key };
        this.held ??= [];
        break;
      case "release":
        return this.release(args.order === "reverse", args.n === undefined ? Infinity : Number(args.n));
      case "clear":
        this.sql.exec("DELETE FROM now");
        this.reset();
        break;
      case "reset":
        this.reset();
        break;
      default:
        return { error: `no command ${name}` };
    }
    return { ok: true };
  }

  release(reverse, n) {
    const held = this.held ?? [];
    if (reverse) held.reverse();
    const released = held.slice(0, n);
    const others = held.slice(released.length);
    this.held = n === Infinity ? null : reverse ? others.reverse() : others;
    for (const go of released) go();
    return { released: released.length };
  }

  async direct(method, key, value) {
    if (method === "GET") {
      const row = this.row(key, "now");
      return row ? new Response(row.value) : new Response(null, { status: 404 });
    }
    if (method === "PUT") this.put({ key, value, metadata: null, expiresAt: null });
    else if (method === "DELETE") this.sql.exec("DELETE FROM now WHERE key = ?", key);
    else return new Response(null, { status: 405 });
    return new Response();
  }
}

const applies = (fault, { op, key }) =>
  fault !== null && (fault.only === null || fault.only === op) && (fault.key === null || fault.key === key);

async function parse(request) {
  const { pathname, searchParams: query } = new URL(request.url);
  if (request.method === "POST" && pathname === "/bulk/get") {
    const { keys, type, withMetadata } = await request.json();
    return { op: "get", keys, type, withMetadata };
  }
  const key = decodeURIComponent(pathname.slice(1));
  if (request.method === "GET" && key === "") {
    const limit = Math.min(Number(query.get("key_count_limit") ?? LIST_MAX), LIST_MAX);
    return { op: "list", prefix: query.get("prefix") ?? "", after: query.get("cursor") ?? "", limit };
  }
  if (request.method === "PUT") {
    const ttl = query.get("expiration_ttl");
    const at = ttl === null ? query.get("expiration") : Date.now() / 1000 + Number(ttl);
    return {
      op: "put",
      key,
      value: await request.arrayBuffer(),
      metadata: request.headers.get("cf-kv-metadata"),
      expiresAt: at === null ? null : Math.floor(Number(at)),
    };
  }
  return { op: { GET: "get", DELETE: "delete" }[request.method], key };
}

const store = (env) => env.STORE.get(env.STORE.idFromName("kv"));

export class Admin extends WorkerEntrypoint {
  async fetch(request) {
    const url = new URL(request.url);
    const [, command] = url.pathname.match(/^\/__(\w+)$/) ?? [];
    if (command) {
      return Response.json(await store(this.env).command(command, Object.fromEntries(url.searchParams)));
    }
    const key = decodeURIComponent(url.pathname.slice(1));
    return store(this.env).direct(request.method, key, await request.arrayBuffer());
  }
}

export default {
  fetch: (request, env) => store(env).fetch(request),
};
