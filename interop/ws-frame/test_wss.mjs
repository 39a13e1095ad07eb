// `wss` by npm `ws` on Node's https, with certificates by rcgen: whom our client trusts.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import WebSocket, { WebSocketServer } from "ws";
import { check, finish, within } from "../lib/check.mjs";
import { LINES, certificates, chat, serve } from "./ours.mjs";

const made = certificates();

async function echo(name) {
  const server = createServer(made.pem(name));
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, close: () => { server.close(); server.closeAllConnections(); } };
}

for (const host of ["localhost", "127.0.0.1"]) {
  await check(`our client over wss to ws on https at ${host}`, async () => {
    const server = await echo("good");
    const { code, out, err } = await chat(`wss://${host}:${server.port}/`, LINES, "--ca", made.ca, "--http2");
    server.close();
    assert.equal(code, 0, err);
    assert.deepEqual(out, LINES);
    assert.match(err, /open over HTTP\/1\.1/);
  });
}

for (const [name, why, options] of [
  ["elsewhere", /NotValidForName/, ["--ca", made.ca]],
  ["expired", /Expired/, ["--ca", made.ca]],
  ["good", /UnknownIssuer/, []],
]) {
  await check(`a certificate that is ${name === "good" ? "nobody's we know" : name} is refused`, async () => {
    const server = await echo(name);
    const { code, out, err } = await chat(`wss://localhost:${server.port}/`, ["secret"], ...options);
    server.close();
    assert.notEqual(code, 0);
    assert.deepEqual(out, []);
    assert.match(err, why);
  });
}

await check("ws over wss to our hyper server", async () => {
  const server = await serve("hyper_server", { args: made.files("good") });
  const socket = new WebSocket(`wss://localhost:${server.port}/version`, { ca: readFileSync(made.ca) });
  const [first] = await within(once(socket, "message"), "the version");
  assert.equal(first.toString(), "HTTP/1.1");
  socket.send("over TLS");
  const [echoed] = await within(once(socket, "message"), "an echo");
  assert.equal(echoed.toString(), "over TLS");
  socket.close(1000);
  assert.equal((await within(once(socket, "close"), "close"))[0], 1000);
  await server.kill();
});

finish();
