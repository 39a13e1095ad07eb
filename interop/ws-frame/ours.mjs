// Our programs (the crate's examples), started and spoken to by a driver.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { examples, within } from "../lib/check.mjs";


// A server of ours on a free port, or on the one named: its port, and how to kill it.
export async function serve(program, { port = 0, args = [] } = {}) {
  const child = spawn(`${examples}/${program}`, [`127.0.0.1:${port}`, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await within(once(createInterface(child.stdout), "line"), `${program} to listen`);
  const listening = Number(line.split(":").at(-1));
  assert.ok(listening > 0, line);
  const exit = once(child, "exit");
  return { port: listening, kill: async () => { child.kill("SIGKILL"); await exit; } };
}

// Our client: what it printed for these lines, where it said how it was opened, and its exit code.
export async function chat(url, lines, ...options) {
  const child = spawn(`${examples}/chat`, [url, ...options]);
  let out = "", err = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => { out += chunk; });
  child.stderr.setEncoding("utf8").on("data", (chunk) => { err += chunk; });
  child.stdin.on("error", () => {}); // it ended before it read all
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  const [code] = await within(once(child, "close"), "our client's end");
  return { code, err, out: out.split("\n").slice(0, -1) };
}

// Certificates by rcgen: an authority, and servers' that are good, another host's and expired.
export function certificates() {
  const folder = mkdtempSync(join(tmpdir(), "octavo-certificates-"));
  execFileSync(`${examples}/test_certificates`, [folder]);
  return {
    ca: join(folder, "ca.pem"),
    files: (name) => [join(folder, `${name}.pem`), join(folder, `${name}.key`)],
    pem: (name) => ({ cert: readFileSync(join(folder, `${name}.pem`)), key: readFileSync(join(folder, `${name}.key`)) }),
  };
}

export const LINES = ["hi", "longer than four ✓ 𝄞", "x".repeat(70_000), ""];
