// WebSocket by npm `ws`: as clients of the showcase's rooms, and as the server of our client.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import WebSocket, { WebSocketServer } from "ws";
import { base, check, createUser, finish, json, someone, token, within } from "../lib/check.mjs";
import { LINES, chat, serve } from "./ours.mjs";

const url = base.replace(/^http/, "ws");

// A client whose messages are awaited by type.
async function join(room, options = {}) {
  const socket = new WebSocket(`${url}/ws/${room}`, { perMessageDeflate: false, ...options });
  const messages = [], waiting = [];
  socket.on("message", (data, binary) => {
    assert.ok(!binary);
    messages.push(JSON.parse(data.toString()));
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = once(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
  await within(once(socket, "open"), "open");
  const next = (match) => within((async () => {
    for (;;) {
      const found = messages.findIndex(match);
      if (found >= 0) return messages.splice(found, 1)[0];
      await new Promise((done) => waiting.push(done));
    }
  })(), `a message for ${match}`);
  const say = (value) => socket.send(JSON.stringify(value));
  const authenticate = async () => { say({ type: "auth", token }); await next((m) => m.type === "authenticated"); };
  await next((m) => m.type === "joined");
  return { socket, next, say, closed, authenticate, messages };
}

await check("two clients in a room hear each other", async () => {
  const [a, b] = [await join("lobby"), await join("lobby")];
  await a.authenticate();
  a.say({ type: "message", from: "a", body: "hello ✓ 𝄞" });
  for (const side of [a, b]) assert.equal((await side.next((m) => m.type === "message")).body, "hello ✓ 𝄞");
  a.socket.close(1000, "bye");
  assert.equal((await within(a.closed, "close")).code, 1000);
  b.socket.terminate();
});

await check("create_user is answered and reaches room users once", async () => {
  const listener = await join("users"), creator = await join("lobby");
  await creator.authenticate();
  const user = someone();
  creator.say({ type: "create_user", ref: 7, ...user });
  const created = await creator.next((m) => m.type === "created");
  assert.equal(created.ref, 7);
  assert.equal((await listener.next((m) => m.type === "user.created")).user.email, user.email);
  await new Promise((done) => setTimeout(done, 300));
  assert.ok(!listener.messages.some((m) => m.type === "user.created" && m.user.email === user.email));
  assert.equal((await fetch(`${base}/users/${created.user.id}`)).status, 200);
  listener.socket.terminate();
  creator.socket.terminate();
});

await check("a user created by REST reaches room users", async () => {
  const listener = await join("users");
  const user = await createUser();
  assert.equal((await listener.next((m) => m.type === "user.created" && m.user.id === user.id)).user.email, user.email);
  listener.socket.terminate();
});

await check("ping is answered with its own bytes", async () => {
  const { socket } = await join("lobby");
  const data = randomBytes(125);
  socket.ping(data);
  const [pong] = await within(once(socket, "pong"), "pong");
  assert.deepEqual(pong, data);
  socket.terminate();
});

await check("a message in fragments, with a ping between them", async () => {
  const one = await join("lobby");
  await one.authenticate();
  const text = JSON.stringify({ type: "message", from: "fragments", body: "é".repeat(1000) });
  const bytes = Buffer.from(text);
  one.socket.send(bytes.subarray(0, 101), { fin: false, binary: false });
  one.socket.ping("between");
  one.socket.send(bytes.subarray(101), { fin: true, binary: false });
  assert.equal((await one.next((m) => m.type === "message" && m.from === "fragments")).body, "é".repeat(1000));
  one.socket.terminate();
});

await check("writing needs the token; a broken message is answered and the socket stays", async () => {
  const one = await join("lobby");
  one.say({ type: "create_user", ...someone() });
  assert.equal((await one.next((m) => m.type === "error")).status, 401);
  one.socket.send("{");
  assert.equal((await one.next((m) => m.type === "error")).status, 400);
  one.say({ type: "no such type" });
  assert.ok((await one.next((m) => m.type === "error")).detail);
  await one.authenticate();
  one.socket.terminate();
});

for (const [name, code, send] of [
  ["binary", 1003, (s) => s.send(Buffer.from([1, 2, 3]))],
  ["too large", 1009, (s) => s.send("x".repeat(1_100_000))],
  ["invalid UTF-8", 1007, (s) => s.send(Buffer.from([0xc3, 0x28]), { binary: false })],
]) {
  await check(`${name} is closed with ${code}`, async () => {
    const one = await join("lobby");
    send(one.socket);
    assert.equal((await within(one.closed, "close")).code, code);
  });
}

await check("a refused upgrade is a problem with a status", async () => {
  const answer = await fetch(`${base}/ws/lobby`, { headers: json });
  assert.ok([400, 426].includes(answer.status), `status ${answer.status}`);
  assert.match(answer.headers.get("content-type"), /problem\+json/);
});

await check("a room with deflate", async () => {
  const one = await join("lobby", { perMessageDeflate: true });
  assert.match(one.socket.extensions, /^permessage-deflate/);
  await one.authenticate();
  for (const body of ["short", "a body that repeats itself, ".repeat(200)]) {
    one.say({ type: "message", from: "deflate", body });
    assert.equal((await one.next((m) => m.type === "message" && m.from === "deflate")).body, body);
  }
  one.socket.terminate();
});

for (const perMessageDeflate of [false, { threshold: 0 }]) {
  const how = perMessageDeflate ? ", with deflate" : "";

  await check(`our client against a ws server, whole and in fragments${how}`, async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
    await once(server, "listening");
    server.on("connection", (socket) => socket.on("message", (data, binary) => {
      if (data.length % 2) {
        socket.send(data.subarray(0, 2), { fin: false, binary });
        socket.ping();
        socket.send(data.subarray(2), { fin: true, binary });
      } else socket.send(data, { binary });
    }));
    const lines = [...LINES, "odd"];
    const { code, out, err } = await chat(`ws://127.0.0.1:${server.address().port}/`, lines, "--deflate");
    server.close();
    assert.equal(code, 0, err);
    assert.deepEqual(out, lines);
    assert.equal(err.includes("extensions permessage-deflate"), Boolean(perMessageDeflate), err);
  });

  await check(`a ws client against our server${how}`, async () => {
    const server = await serve("hyper_server");
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/version`, ["other", "echo"], { perMessageDeflate });
    const got = [];
    socket.on("message", (data, binary) => got.push(binary ? data : data.toString()));
    await within(once(socket, "open"), "open");
    assert.deepEqual([socket.protocol, socket.extensions.startsWith("permessage-deflate")], ["echo", Boolean(perMessageDeflate)]);
    const sent = ["", "é".repeat(50_000), randomBytes(65_536), Buffer.alloc(300_000)];
    for (const message of sent) socket.send(message);
    socket.send("in fra", { fin: false });
    socket.send("gments", { fin: true });
    socket.close(4321, "done");
    const [code] = await within(once(socket, "close"), "close");
    await server.kill();
    assert.equal(code, 4321);
    assert.deepEqual(got, ["HTTP/1.1", ...sent, "in fragments"]);
  });
}

finish();
