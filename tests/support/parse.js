// As much of two grammars as our own answers use, so that tests compare what is said and not how it is spelled.

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const STRING = /"((?:[^"\\]|\\.)*)"/y;

class Text {
  constructor(text) {
    Object.assign(this, { text, at: 0 });
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) throw new Error(`unexpected ${JSON.stringify(this.text.slice(this.at))}`);
    this.at = pattern.lastIndex;
    return found[1] ?? found[0];
  }

  /** Whether this stands here; then it is taken. */
  skip(mark) {
    const is = this.text.startsWith(mark, this.at);
    if (is) this.at += mark.length;
    return is;
  }

  get isAtEnd() {
    return this.at === this.text.length;
  }
}

/** Challenges with parameters (RFC 9110 section 11.6.1): `[{ scheme, …parameters }]`. */
export function challenges(field) {
  const text = new Text(field);
  const found = [];
  while (!text.isAtEnd) {
    const name = text.take(TOKEN);
    if (text.skip(" ")) {
      found.push({ scheme: name });
      parameter(text, text.take(TOKEN), found.at(-1));
    } else {
      parameter(text, name, found.at(-1));
    }
    if (!text.isAtEnd) text.take(/, */y);
  }
  return found;
}

function parameter(text, name, into) {
  text.take(/=/y);
  into[name] = text.take(text.text[text.at] === '"' ? STRING : TOKEN);
}

/**
 * A dictionary (RFC 9651 section 3.2) whose members are inner lists of strings, strings, or integers; each as
 * `{ value, parameters }`.
 */
export function dictionary(field) {
  const text = new Text(field);
  const found = {};
  for (;;) {
    const name = text.take(/[a-z*][a-z0-9_.*-]*/y);
    const value = text.skip("=") ? item(text) : true;
    found[name] = { value, parameters: parameters(text) };
    if (text.isAtEnd) return found;
    text.take(/[ \t]*,[ \t]*/y);
  }
}

function item(text) {
  if (text.skip("(")) {
    const items = [];
    while (!text.skip(")")) {
      items.push(item(text));
      text.skip(" ");
    }
    return items;
  }
  return text.text[text.at] === '"' ? text.take(STRING) : Number(text.take(/-?[0-9]+/y));
}

function parameters(text) {
  const found = {};
  while (text.skip(";")) {
    const name = text.take(/[a-z*][a-z0-9_.*-]*/y);
    found[name] = text.skip("=") ? item(text) : true;
  }
  return found;
}
