// The same streams through npm `eventsource-parser` and through the `parse-dump` example of sse-codec.
import { spawn } from "node:child_process";
import { createParser } from "eventsource-parser";
import { examples } from "../lib/check.mjs";

// A small generator (mulberry32): a seed is all it takes to see a stream again.
export function draw(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// Pieces that make the rules meet each other; all of it is UTF-8.
const PIECES = [
  "data", "data:", "data: ", "event: ", "event:", "id: ", "id", "retry: ", "retry:", ":", ": ", " ", "\n", "\n", "\n\n", "\r", "\r\n",
  "\r\n\r\n", "\n\r", "x", "12", "3000", "999999999999999999999999", "+", "\0", "\ufeff", "é", "€", "😀", "ï»¿", "\u2028", "\t",
  "a fairly long run of ordinary text", "data: whole\n\n", "id: 5\ndata: block\n\n", ": keepalive\n\n", "event: tick\ndata: {}\n\n",
  "id: 7\n\n", "retry: 5\n", "datas: x\n", "Data: x\n",
];

// A stream as bytes, and the same bytes cut into chunks, anywhere.
export function stream(seed) {
  const next = draw(seed);
  let text = "";
  for (let left = next(40); left > 0; left -= 1) text += PIECES[next(PIECES.length)];
  const bytes = Buffer.from(text);
  const most = [1, 4, 12, 60][next(4)];
  const chunks = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + next(most);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { text, chunks };
}

// What eventsource-parser says, in our terms: it tells the id of the block, we the last id that is in force.
export function theirs(chunks, options = {}) {
  const items = [];
  let last = "";
  const parser = createParser({
    ...options,
    onComment: (comment) => items.push({ comment }),
    onRetry: (retry) => items.push({ retry }),
    onId: (id) => {
      last = id;
      items.push({ id_only: id });
    },
    onEvent: ({ id, event, data }) => {
      if (id !== undefined) items.pop(); // said by onId just before
      items.push({ event: event ?? "message", data, id: last });
    },
  });
  // The parser takes text, and drops the mark itself.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
  return items;
}

// What ours says of many streams, in their order.
export async function ours(streams) {
  const child = spawn(`${examples}/parse-dump`, ["--batch"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => (code === 0 ? done() : fail(new Error(`parse-dump ended with ${code}`))));
  });
  child.stdin.end(streams.map((chunks) => `${JSON.stringify(chunks.map((chunk) => chunk.toString("hex")))}\n`).join(""));
  const output = [];
  for await (const part of child.stdout) output.push(part);
  await ended;
  // Not by readline, which ends lines at U+2028 too.
  return Buffer.concat(output).toString().split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

// The differences that are known, each with its reason. What `applies` to a stream makes the two alike, or says that they cannot be.
export const KNOWN = [
  {
    name: "a reconnection time beyond 2^53 is a rounded number in JavaScript; ours is exact to 64 bits and then the largest",
    applies: ({ text }) => /\d{16}/.test(text),
    alike: (items) => items.map((item) => (item.retry > Number.MAX_SAFE_INTEGER ? { retry: "huge" } : item)),
  },
  {
    name: "eventsource-parser takes a stream that begins with the three characters ï»¿ for one with a mark that was decoded as Latin-1; the standard drops U+FEFF alone",
    applies: ({ text }) => text.startsWith("ï»¿"),
    alike: undefined,
  },
];
