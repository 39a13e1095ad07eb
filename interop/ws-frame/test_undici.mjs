// npm `undici`, the WebSocket of Node: as a client over HTTP/1.1 and over HTTP/2 (RFC 8441).
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, WebSocket } from "undici";
import { check, finish, within } from "../lib/check.mjs";
import { certificates, serve } from "./ours.mjs";

const made = certificates();
const ca = readFileSync(made.ca);
const plain = await serve("hyper_server");
const secure = await serve("hyper_server", { args: made.files("good") });

async function open(url, options) {
  const socket = new WebSocket(url, options);
  socket.binaryType = "arraybuffer";
  const waiting = [], messages = [];
  socket.addEventListener("message", ({ data }) => { (waiting.shift() ?? ((value) => messages.push(value)))(data); });
  const closed = once(socket, "close");
  const next = () => within(messages.length ? messages.shift() : new Promise((done) => waiting.push(done)), "a message");
  const failed = once(socket, "error").then(([event]) => { throw event.error ?? new Error(event.message || "no connection"); });
  failed.catch(() => {});
  await within(Promise.race([once(socket, "open"), failed]), "open");
  return { socket, next, closed };
}

async function talk({ socket, next, closed }, version) {
  assert.equal(socket.protocol, "echo");
  assert.match(socket.extensions, /^permessage-deflate/); // undici always offers it
  assert.equal(await next(), version);
  for (const text of ["", "ü✓𝄞", "x".repeat(70_000)]) {
    socket.send(text);
    assert.equal(await next(), text);
  }
  const bytes = new Uint8Array(300_000).map((_, i) => i);
  socket.send(bytes);
  assert.deepEqual(new Uint8Array(await next()), bytes);
  socket.close(4321, "done");
  const [{ code, wasClean }] = await within(closed, "close");
  assert.deepEqual([code, wasClean], [4321, true]);
}

await check("undici over HTTP/1.1", async () => {
  await talk(await open(`ws://127.0.0.1:${plain.port}/version`, ["echo"]), "HTTP/1.1");
});

await check("undici over wss and HTTP/1.1", async () => {
  const dispatcher = new Agent({ allowH2: false, connect: { ca } });
  await talk(await open(`wss://localhost:${secure.port}/version`, { protocols: ["echo"], dispatcher }), "HTTP/1.1");
  await dispatcher.destroy();
});

await check("undici over HTTP/2, three sockets at a time", async () => {
  const dispatcher = new Agent({ allowH2: true, connect: { ca } });
  const options = { protocols: ["echo"], dispatcher };
  const sockets = [];
  for (let n = 0; n < 3; n += 1) sockets.push(await open(`wss://localhost:${secure.port}/version`, options));
  await Promise.all(sockets.map((socket) => talk(socket, "HTTP/2.0")));
  await dispatcher.destroy();
});

await check("a refusal is an error for undici over both", async () => {
  for (const allowH2 of [false, true]) {
    const dispatcher = new Agent({ allowH2, connect: { ca } });
    await assert.rejects(open(`wss://localhost:${secure.port}/private`, { dispatcher }));
    await dispatcher.destroy();
  }
});

await plain.kill();
await secure.kill();
finish();
