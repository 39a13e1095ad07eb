// Coming back: npm `reconnecting-websocket` to our server when it is restarted, and our client to npm `ws` when it is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import ReconnectingWebSocket from "reconnecting-websocket";
import WebSocket, { WebSocketServer } from "ws";
import { check, examples, finish, within } from "../lib/check.mjs";
import { serve } from "./ours.mjs";

await check("reconnecting-websocket finds our server again after each restart", async () => {
  let server = await serve("hyper_server");
  const { port } = server;
  const client = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, ["echo"], {
    WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 100, minUptime: 10,
  });
  const opened = () => within(new Promise((done) => client.addEventListener("open", done, { once: true })), "open");
  const lost = () => within(new Promise((done) => client.addEventListener("close", done, { once: true })), "close");
  const echoed = async (text) => {
    const reply = new Promise((done) => client.addEventListener("message", ({ data }) => done(data), { once: true }));
    client.send(text);
    assert.equal(await within(reply, "an echo"), text);
  };
  await opened();
  for (let round = 0; round < 3; round += 1) {
    await echoed(`round ${round}`);
    const gone = lost();
    await server.kill();
    await gone;
    // What is said meanwhile is kept for the next connection.
    const back = opened();
    server = await serve("hyper_server", { port });
    await back;
  }
  await echoed("last");
  client.close();
  await server.kill();
});

await check("our client finds a ws server again, and says what it kept", async () => {
  const start = async (port) => {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await once(server, "listening");
    server.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
    return server;
  };
  const stop = async (server) => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await once(server, "close");
  };
  let server = await start(0);
  const { port } = server.address();
  const child = spawn(`${examples}/chat`, [`ws://127.0.0.1:${port}/`, "--comes-back"]);
  let out = "", err = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => { out += chunk; });
  child.stderr.setEncoding("utf8").on("data", (chunk) => { err += chunk; });
  const until = (stream, holds) => within((async () => { while (!holds()) await once(stream, "data"); })(), `a condition; stderr: ${err}`);
  const opens = () => err.split("Open {").length - 1;
  for (let round = 1; round <= 3; round += 1) {
    await until(child.stderr, () => opens() >= round);
    child.stdin.write(`round ${round}\n`);
    await until(child.stdout, () => out.includes(`round ${round}\n`));
    await stop(server);
    await until(child.stderr, () => err.split("Waiting {").length - 1 >= round);
    if (round === 3) child.stdin.write("kept\n");
    server = await start(port);
  }
  await until(child.stdout, () => out.includes("kept\n"));
  child.stdin.end();
  const [code] = await within(once(child, "close"), "our client's end");
  assert.equal(code, 0, err);
  assert.equal(out, "round 1\nround 2\nround 3\nkept\n");
  assert.match(err, /Stopped\(Application\)/);
  server.close();
});

await check("our client gives up where a ws server closes with 1008, and 4401", async () => {
  for (const closing of [1008, 4401]) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    let connections = 0;
    server.on("connection", (socket) => { connections += 1; socket.close(closing); });
    const child = spawn(`${examples}/chat`, [`ws://127.0.0.1:${server.address().port}/`, "--comes-back"]);
    const [code] = await within(once(child, "exit"), "our client's end");
    server.close();
    assert.deepEqual([code, connections], [0, 1]);
  }
});

finish();
