// A client that makes changes of all kinds, one at a time, until the registry dies, and knows what it was told.
import assert from "node:assert/strict";

const HOUR_S = 3_600;
const EVERYTHING = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
/** The address that the tests come from, and another one. */
const ALLOWLISTS = [null, "127.0.0.0/8", "198.51.100.0/24"];

const ACTIONS = {
  edit: "key.edited", disable: "key.disabled", enable: "key.enabled", rotate: "key.rotated",
  "end-rotation": "key.rotation_ended", remove: "key.removed",
};

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const grants = (actions) => ({ local: { things: actions } });
/** A key without what gateways report of its use, which is no change of it. */
const plain = ({ secret, lastUsedAt, lastUsedFrom, allowed, denials, ...said }) => ({
  ...said, issues: said.issues.map(({ issue, notAfter }) => ({ issue, notAfter })),
});
const version = (answer) => Number(answer.headers.etag.slice(1, -1));

export class Client {
  /** Each key as it was acknowledged: `said`, its `version`, its valid `secrets` (the newest first) and those that are `dead`. */
  keys = new Map();
  /** Roles by name, operators by id, as they were acknowledged; `null` once removed. */
  roles = new Map();
  operators = new Map();
  /** For each change that was acknowledged what the audit log must have: { requestId, action, subject }. */
  acknowledged = [];
  /** The change that was sent and not answered. */
  unheard = null;
  sent = 0;
  #turn = 0;

  constructor(admin, number) {
    this.admin = admin;
    this.number = number;
  }

  /** Changes things until the registry dies. */
  async storm() {
    for (;;) {
      const change = this.#next();
      this.unheard = change;
      const { method, path, body, headers } = change;
      let answer;
      try {
        answer = await this.admin.ask(method, path, { body, headers });
      } catch (error) {
        if (error.code === "ECONNREFUSED") this.unheard = null;
        else this.sent += 1;
        if (/ECONN|socket hang up|EPIPE|aborted/.test(`${error.code} ${error.message}`)) return;
        throw error;
      }
      this.sent += 1;
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
      const requestId = answer.headers["request-id"];
      const noted = change.heard(answer);
      for (const [action, subject] of noted) this.acknowledged.push({ requestId, action, subject });
      this.unheard = null;
    }
  }

  #next() {
    this.#turn += 1;
    const living = [...this.keys.values()].filter(({ said }) => said.state !== "removed");
    const chance = Math.random();
    if (living.length < 3 || chance < 0.15) return this.#makeKey();
    if (chance < 0.35) return this.#changeRole(living);
    if (chance < 0.5) return this.#changeOperator();
    return this.#changeKey(pick(living));
  }

  #name(what) {
    return `${what}-${this.number}-${this.#turn}`;
  }

  #makeKey() {
    const kind = pick(["signed", "basic", "token"]);
    const roles = [...this.roles].filter(([, role]) => role).map(([name]) => name);
    const body = {
      name: this.#name("key"), kind, environment: "production",
      roles: [{ role: pick(["read-only", "admin", ...roles]), accounts: "all" }],
      ...(kind === "signed" ? { owners: ["owner@firm.example"] } : {}),
    };
    return {
      method: "POST", path: "/v1/keys", body, makes: body.name,
      heard: (answer) => {
        const said = plain(answer.json);
        this.keys.set(said.keyId, { said, version: version(answer), secrets: [answer.json.secret], dead: [] });
        return [["key.created", said.keyId]];
      },
    };
  }

  #changeKey(key) {
    const { said } = key;
    const isRotated = said.issues.length === 2;
    const what = pick(["edit", said.disabled ? "enable" : "disable", isRotated ? "end-rotation" : "rotate", "remove"]);
    const path = `/v1/keys/${said.keyId}`;
    const request = {
      edit: { method: "PATCH", path, headers: { "if-match": `"${key.version}"` },
        body: { memo: this.#name("memo"), allowlist: pick(ALLOWLISTS) } },
      rotate: { method: "POST", path: `${path}/rotate`, body: { oldUntil: Math.floor(Date.now() / 1000) + HOUR_S } },
      remove: { method: "DELETE", path },
    }[what] ?? { method: "POST", path: `${path}/${what}` };
    return {
      ...request, what, changes: [said.keyId],
      heard: (answer) => {
        this.#becomes(key, what, plain(answer.json), version(answer), answer.json.secret);
        return [[ACTIONS[what], said.keyId]];
      },
    };
  }

  /** What a change makes of the secrets that are known. */
  #becomes(key, what, said, version, secret = null) {
    if (what === "rotate") key.secrets.unshift(secret);
    const valid = said.issues.length;
    key.dead.push(...key.secrets.splice(valid));
    Object.assign(key, { said, version });
  }

  /** A role is made, is made narrower together with the keys that hold it, and is removed when none does. */
  #changeRole(living) {
    const [name, role] = pick([...this.roles].filter(([, role]) => role)) ?? [];
    if (!name || Math.random() < 0.3) return this.#makeRole();
    const holders = living.filter(({ said }) => said.roles[0].role === name);
    const path = `/v1/roles/${name}`;
    if (holders.length === 0) {
      return { method: "DELETE", path, role: name, heard: () => (this.roles.set(name, null), [["role.removed", name]]) };
    }
    const narrow = grants(pick(["r", "ru", "cr"]));
    return {
      method: "PATCH", path, body: { grants: narrow, apply: true }, role: name, changes: holders.map(({ said }) => said.keyId),
      heard: (answer) => {
        this.roles.set(name, answer.json.grants);
        const noted = JSON.stringify(role) === JSON.stringify(answer.json.grants) ? [] : [["role.edited", name]];
        for (const key of holders) {
          const [held] = key.said.roles;
          const left = [...held.grants.local.things].filter((action) => narrow.local.things.includes(action)).join("");
          if (left === held.grants.local.things) continue;
          const said = { ...key.said, generation: key.said.generation + 1, roles: [{ ...held, grants: grants(left) }] };
          this.#becomes(key, "narrow", said, key.version + 1);
          noted.push(["key.narrowed", said.keyId]);
        }
        return noted;
      },
    };
  }

  #makeRole() {
    const name = this.#name("role");
    return {
      method: "POST", path: "/v1/roles", body: { name, grants: grants("crud") }, role: name,
      heard: (answer) => (this.roles.set(name, answer.json.grants), [["role.created", name]]),
    };
  }

  #changeOperator() {
    const [id, operator] = pick([...this.operators].filter(([, operator]) => operator)) ?? [];
    if (!id || Math.random() < 0.4) {
      const body = { email: `${this.#name("operator")}@firm.example`, role: "auditor", mayGrant: EVERYTHING };
      return {
        method: "POST", path: "/v1/operators", body, invites: body.email,
        heard: ({ json: { invitation, ...said } }) => (this.operators.set(said.id, said), [["operator.invited", said.id]]),
      };
    }
    const path = `/v1/operators/${id}`;
    if (Math.random() < 0.5) {
      return { method: "DELETE", path, operator: id, heard: () => (this.operators.set(id, null), [["operator.removed", id]]) };
    }
    return {
      method: "PATCH", path, operator: id, body: { disabled: !operator.disabled },
      heard: ({ json }) => (this.operators.set(id, json), [["operator.edited", id]]),
    };
  }

  /**
   * Compares all with what the registry knows, and takes over what came of the change that was not answered. Fails when
   * anything that was acknowledged is lost, or there is a change that nobody made.
   *
   * @returns how many changes are there that nobody was told of
   */
  async settle({ keys, roles, operators }) {
    const change = this.unheard ?? {};
    this.unheard = null;
    let surplus = 0;
    for (const [id, key] of this.keys) {
      const answer = await this.admin.ask("GET", `/v1/keys/${id}`);
      assert.equal(answer.status, 200, `${id} is lost`);
      if (version(answer) === key.version) {
        assert.deepEqual(plain(answer.json), key.said);
        continue;
      }
      assert.equal(version(answer), key.version + 1, `${id} lost a change`);
      assert.ok(change.changes?.includes(id), `${id} has a change that nobody made`);
      this.#becomes(key, change.what ?? "narrow", plain(answer.json), version(answer));
      surplus += 1;
    }
    const made = keys.find(({ name }) => name === change.makes);
    if (made) {
      const answer = await this.admin.ask("GET", `/v1/keys/${made.keyId}`);
      this.keys.set(made.keyId, { said: plain(answer.json), version: version(answer), secrets: answer.json.issues.map(() => null), dead: [] });
      surplus += 1;
    }
    surplus += compare(this.roles, (name) => roles.find((role) => role.name === name)?.grants ?? null, change.role);
    const invited = operators.find(({ email }) => email === change.invites);
    if (invited) this.operators.set(invited.id, invited);
    surplus += compare(this.operators, (id) => operators.find((one) => one.id === id) ?? null, change.operator);
    return surplus + (invited ? 1 : 0);
  }
}

/** Each as it was acknowledged, but for the one with a change that was not answered. */
function compare(known, found, uncertain) {
  let surplus = 0;
  if (uncertain !== undefined && !known.has(uncertain)) known.set(uncertain, null);
  for (const [id, said] of known) {
    const now = found(id);
    if (id !== uncertain) assert.deepEqual(now, said, `${id} is not as it was acknowledged`);
    else if (JSON.stringify(now) !== JSON.stringify(said)) surplus += 1;
    known.set(id, now);
  }
  return surplus;
}
