// Our program for public keys (`webhook-sig/examples/peer_keys.rs`), one JSON object a line, and what the drivers share.
import { spawn } from "node:child_process";
import { bin } from "../lib/check.mjs";

export const smoke = process.env.OCTAVO_SMOKE === "1";
// Cases in each direction.
export const cases = smoke ? 25 : 1000;

export function peer() {
  const child = spawn(`${bin}/examples/peer_keys`, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = [];
  // Not by readline, which ends lines at U+2028 too.
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) waiting.shift()(JSON.parse(line));
  });
  const ask = (question) => new Promise((done) => {
    waiting.push(done);
    child.stdin.write(`${JSON.stringify(question)}\n`);
  });
  return { ask, close: () => child.stdin.end() };
}

// Repeatable cases: xorshift128 with a seed that is printed.
const seed = Number(process.env.OCTAVO_SEED ?? 20261126);
console.log(`# seed ${seed}`);
const state = new Uint32Array([seed, 0x9e3779b9, 0x243f6a88, 0xb7e15162]);
export function random(below) {
  const [x, y, z, w] = state;
  const t = (x ^ (x << 11)) >>> 0;
  state.set([y, z, w, (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0]);
  return state[3] % below;
}
export const pick = (list) => list[random(list.length)];
export const bytes = (max) => Buffer.from(Array.from({ length: random(max + 1) }, () => random(256)));
const points = ["\0", "\r", "\n", "\t", "\"", "\\", "a", "Z", "0", " ", ".", "|", "é", "中", "\u{1f600}", "\u{10ffff}", "\u2028"];
export const text = (max) => Array.from({ length: random(max + 1) }, () => pick(points)).join("");
export const word = (max) => Array.from({ length: 1 + random(max) }, () => pick("abcXYZ019_-")).join("");

// Counts what was done, and compares it with the table at the end: a direction that goes missing is a failure.
export class Counts {
  #counts = {};
  add(name) { this.#counts[name] = (this.#counts[name] ?? 0) + 1; }
  check(expected) {
    const sorted = (counts) => JSON.stringify(Object.fromEntries(Object.entries(counts).sort()));
    const now = sorted(this.#counts);
    console.log(`# ${now}`);
    const wanted = sorted(expected);
    if (now !== wanted) throw new Error(`counted ${now} instead of ${wanted}`);
  }
}
