// Chromium, as a test drives it: pages are opened and clicked through its DevTools protocol.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { within } from "./within.js";

const PROGRAM = process.env.KEYWARD_CHROMIUM ?? "/usr/bin/chromium";

/** @param {string[]} options besides those that it needs to run here */
export async function startBrowser(options = []) {
  const folder = mkdtempSync(join(tmpdir(), "keyward-chromium-"));
  const usual = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", `--user-data-dir=${folder}`];
  const child = spawn(PROGRAM, [...usual, ...options, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const address = new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const found = line.match(/^DevTools listening on ws:\/\/([^/]+)/);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}`)));
  });
  const sockets = [];
  const stop = async () => {
    for (const socket of sockets) socket.close();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, maxRetries: 5 });
  };
  let host;
  try {
    host = await within(60_000, "Chromium listens", address);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    /** A page of its own. */
    async open(url) {
      const answer = await fetch(`http://${host}/json/new?about:blank`, { method: "PUT" });
      const socket = new WebSocket((await answer.json()).webSocketDebuggerUrl);
      sockets.push(socket);
      await once(socket, "open");
      return openPage(socket, url);
    },
    stop,
  };
}

async function openPage(socket, url) {
  const waiting = new Map();
  const page = { problems: [] };
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (method === "Log.entryAdded") page.problems.push(params.entry.text);
    if (method === "Runtime.exceptionThrown") page.problems.push(params.exceptionDetails.text);
    waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    waiting.delete(id);
  });
  let last = 0;
  const send = (method, params = {}) => {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    return within(60_000, method, answered);
  };
  for (const part of ["Log", "Runtime", "Page"]) await send(`${part}.enable`);
  await send("Page.navigate", { url });
  /** What an expression is worth in the page. */
  page.evaluate = async (expression) => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  /** With the mouse, in the middle of what a selector finds. */
  page.click = async (selector) => {
    const middle = `(({ x, y, width, height }) => JSON.stringify({ x: x + width / 2, y: y + height / 2 }))
      (document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`;
    const at = { ...JSON.parse(await page.evaluate(middle)), button: "left", clickCount: 1 };
    for (const type of ["mousePressed", "mouseReleased"]) await send("Input.dispatchMouseEvent", { type, ...at });
  };
  return page;
}
