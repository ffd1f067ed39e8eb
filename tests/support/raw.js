// Bytes on a TCP connection, and the answers as they come: nothing is repaired on the way.
import { connect } from "node:net";

/** Nothing that is asked here may take longer, limits of the gateway included, however busy the machine is. */
const PATIENCE_MS = 60_000;

/** Sends one request and gives the whole answer. */
export async function send(port, bytes, options = {}) {
  const connection = await open(port, options);
  try {
    connection.write(bytes);
    return await connection.answer(options);
  } finally {
    connection.close();
  }
}

/**
 * @param {{ from?: string }} options `from`: an address of this machine (127.0.0.0/8) to come from
 */
export async function open(port, { from } = {}) {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return new Connection(socket);
}

class Connection {
  #socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(socket) {
    this.#socket = socket;
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("data", (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#wake();
    });
    // A server may reset a connection whose request it did not read to the end.
    socket.on("error", end).on("end", end).on("close", end);
  }

  /** Text is sent as Latin-1: each character one byte. Resolves when the kernel has it, or the peer is gone. */
  write(bytes) {
    return new Promise((resolve) => {
      this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => resolve());
    });
  }

  close() {
    this.#socket.destroy();
  }

  /** The next answer, whole. `method` HEAD has no content whatever its fields say. */
  async answer(options = {}) {
    const answer = await this.head(options);
    const parts = [];
    for await (const part of answer.parts) parts.push(part);
    answer.content = Buffer.concat(parts);
    return answer;
  }

  /** The next answer, its content still to come as `parts`. */
  async head({ method = "GET" } = {}) {
    const interim = [];
    for (;;) {
      const text = (await this.#until("\r\n\r\n")).toString("latin1");
      const [first, ...lines] = text.split("\r\n");
      const [, status, reason] = first.match(/^HTTP\/1\.[01] (\d{3}) ?(.*)$/) ?? [];
      if (!status) throw new Error(`not the head of an answer: ${first}`);
      if (status[0] === "1") {
        interim.push(Number(status));
        continue;
      }
      const fields = lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      });
      const answer = new Answer(Number(status), reason, fields, interim);
      answer.parts = this.#parts(answer, method);
      return answer;
    }
  }

  /** Whether the peer has closed, waiting for it. */
  async closed() {
    while (!this.#ended) await this.#more();
    return true;
  }

  async *#parts(answer, method) {
    if (method === "HEAD" || [204, 304].includes(answer.status)) return;
    if (answer.field("transfer-encoding") === "chunked") {
      for (;;) {
        const size = parseInt((await this.#until("\r\n")).toString("latin1"), 16);
        if (size > 0) yield await this.#take(size);
        await this.#until("\r\n");
        if (size === 0) return;
      }
    }
    const length = answer.field("content-length");
    if (length !== null) {
      if (Number(length) > 0) yield await this.#take(Number(length));
      return;
    }
    while (!this.#ended) await this.#more();
    yield this.#received;
  }

  async #until(mark) {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at >= 0) {
        const found = this.#received.subarray(0, at);
        this.#received = this.#received.subarray(at + mark.length);
        return found;
      }
      if (this.#ended) throw new Error(`closed after ${JSON.stringify(this.#received.toString("latin1"))}`);
      await this.#more();
    }
  }

  async #take(count) {
    while (this.#received.length < count) {
      if (this.#ended) throw new Error(`closed ${count - this.#received.length} bytes before the end`);
      await this.#more();
    }
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  #more() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came for ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#ended) this.#wake();
    });
  }
}

class Answer {
  constructor(status, reason, fields, interim) {
    Object.assign(this, { status, reason, fields, interim, content: null });
  }

  /** The lines of a field. */
  all(name) {
    return this.fields.filter(([found]) => found === name).map(([, value]) => value);
  }

  /** The one line of a field; `null` without it. */
  field(name) {
    const lines = this.all(name);
    if (lines.length > 1) throw new Error(`${name} is there ${lines.length} times`);
    return lines[0] ?? null;
  }

  get text() {
    return this.content.toString("utf8");
  }

  get json() {
    return JSON.parse(this.text);
  }

  /** The code of a problem (RFC 9457), `null` when it is none. */
  get code() {
    return this.field("content-type") === "application/problem+json" ? this.json.code : null;
  }

  /** Status, and the code if it is a problem. */
  get outcome() {
    return this.code === null ? `${this.status}` : `${this.status} ${this.code}`;
  }
}
