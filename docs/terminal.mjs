// A terminal's output as an SVG, for README.md:
//   script -qec 'cargo xtask dev' out.txt    (and Ctrl-C when it is ready)
//   node docs/terminal.mjs 'cargo xtask dev' 'send --as nonce' <out.txt >docs/dev.svg
// The first argument is shown as what was typed, the second is where to stop.
import { readFileSync } from "node:fs";

const [typed, stop] = process.argv.slice(2);
const SIZE = 12;
const COLUMN = SIZE * 0.602;
const LINE = SIZE * 1.55;
/** Longer lines are cut. */
const COLUMNS_MAX = 144;
const LEFT = 22;
const TOP = 58;
/** SGR codes that xtask writes. */
const CLASSES = { 1: "bold", 2: "dim", 31: "no", 32: "ok" };

/** What stands in each line in the end: a carriage return writes over what was there. */
function linesOf(text) {
  const lines = text.split(/\r?\n/).map((line) => line.split("\x1b[2K").at(-1).split("\r").at(-1));
  const first = lines.findIndex((line) => line.includes("✓"));
  const last = lines.findIndex((line) => line.includes(stop));
  return [`\x1b[32m$\x1b[0m \x1b[1m${typed}\x1b[0m`, ...lines.slice(first, last), "  \x1b[2m…\x1b[0m"];
}

/** A line as runs of text with one class each. */
function runsOf(line) {
  const runs = [];
  let name = "";
  for (const part of line.split(/(\x1b\[\d*m)/)) {
    const code = part.match(/^\x1b\[(\d*)m$/);
    if (code) name = CLASSES[code[1]] ?? "";
    else if (part) runs.push([name, part]);
  }
  return cut(runs);
}

function cut(runs) {
  let left = COLUMNS_MAX;
  return runs.flatMap(([name, text]) => {
    const shown = text.length > left ? [...text.slice(0, Math.max(left - 1, 0)), left > 0 ? "…" : ""].join("") : text;
    left -= text.length;
    return shown ? [[name, shown]] : [];
  });
}

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

/** Each run has its place and its width, so columns stay columns whatever the font. */
function drawn(line, index) {
  let column = 0;
  return runsOf(line).map(([name, text]) => {
    const inner = text.trim();
    const at = column + text.indexOf(inner);
    column += text.length;
    if (!inner) return "";
    // Blanks within would be folded into one: each word group has its own place.
    return [...inner.matchAll(/\S+(?: \S+)*/g)]
      .map(({ 0: group, index: offset }) => {
        const x = (LEFT + (at + offset) * COLUMN).toFixed(1);
        const width = (group.length * COLUMN).toFixed(1);
        return `<text class="${name || "plain"}" x="${x}" y="${(TOP + index * LINE).toFixed(1)}" textLength="${width}">${escaped(group)}</text>`;
      })
      .join("");
  });
}

const lines = linesOf(readFileSync(0, "utf8"));
const columns = Math.max(...lines.map((line) => runsOf(line).map(([, text]) => text).join("").trimEnd().length));
const width = Math.ceil(columns * COLUMN + 2 * LEFT);
const height = Math.ceil(TOP + lines.length * LINE + 4);
console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">The output of ${escaped(typed)}</title>
<style>
text { font: ${SIZE}px ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; fill: #d5dde5; }
.bold { font-weight: 700; fill: #f3f6f9; } .dim { fill: #8794a1; } .ok { fill: #5ad1a4; } .no { fill: #ff8a80; }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="12" fill="#12171e" stroke="#2b3440"/>
<path d="M.5 34 V12.5 a12 12 0 0 1 12 -12 H${width - 12.5} a12 12 0 0 1 12 12 V34 z" fill="#1b222b"/>
<circle cx="22" cy="17.500" r="5" fill="#d9a73b"/><circle cx="40" cy="17.500" r="5" fill="#3b4653"/><circle cx="58" cy="17.500" r="5" fill="#3b4653"/>
${lines.map((line, index) => drawn(line, index).join("")).filter(Boolean).join("\n")}
</svg>`);
