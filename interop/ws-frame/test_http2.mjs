// Node's http2 with `enableConnectProtocol` (RFC 8441): as the server of our client, and as a client of our server.
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import WebSocket, { WebSocketServer } from "ws";
import { PATIENCE, check, finish, within } from "../lib/check.mjs";
import { LINES, certificates, chat, serve } from "./ours.mjs";

const made = certificates();

// npm `ws` on a stream: it wants one method of a TCP socket that a stream does not have.
function webSocket(stream, isServer) {
  stream.setNoDelay = () => {};
  const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: PATIENCE });
  socket._isServer = isServer;
  socket.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 1 << 24, skipUTF8Validation: false });
  return socket;
}

// A Node server that echoes over HTTP/2 where `enableConnectProtocol` says so, and over HTTP/1.1 beside it. It counts connections.
async function echo(enableConnectProtocol, secure) {
  const settings = { enableConnectProtocol };
  const server = secure ? http2.createSecureServer({ ...made.pem("good"), settings, allowHTTP1: true }) : http2.createServer({ settings });
  const seen = { sessions: 0, connects: 0, upgrades: 0, protocols: [] };
  server.on("session", () => { seen.sessions += 1; });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    if (headers[":method"] !== "CONNECT" || headers[":protocol"] !== "websocket") return stream.respond({ ":status": 400 }, { endStream: true });
    seen.connects += 1;
    if (headers[":path"] === "/private") {
      stream.respond({ ":status": 401, "www-authenticate": "Bearer" });
      return stream.end("who are you?");
    }
    assert.equal(headers["sec-websocket-version"], "13");
    assert.equal(headers["sec-websocket-key"], undefined);
    stream.respond({ ":status": 200, ...(headers["sec-websocket-protocol"] && { "sec-websocket-protocol": headers["sec-websocket-protocol"] }) });
    const socket = webSocket(stream, true);
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const upgrades = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => upgrades.handleUpgrade(request, socket, head, (ws) => {
    seen.upgrades += 1;
    ws.on("message", (data, binary) => ws.send(data, { binary }));
  }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { seen, port: server.address().port, close: () => server.close() };
}

for (const secure of [false, true]) {
  const [scheme, options] = secure ? ["wss", ["--ca", made.ca, "--http2"]] : ["ws", ["--http2"]];
  await check(`our client over HTTP/2 to Node's http2 by ${scheme}`, async () => {
    const server = await echo(true, secure);
    const { code, out, err } = await chat(`${scheme}://localhost:${server.port}/`, LINES, ...options, "--subprotocol", "x");
    server.close();
    assert.equal(code, 0, err);
    assert.deepEqual(out, LINES);
    assert.match(err, /open over HTTP\/2, subprotocol x/);
    assert.deepEqual([server.seen.connects, server.seen.sessions], [1, 1]);
  });
}

await check("without enableConnectProtocol our client sends no CONNECT, and opens HTTP/1.1", async () => {
  const server = await echo(false, true);
  const { code, out, err } = await chat(`wss://localhost:${server.port}/`, LINES, "--ca", made.ca, "--http2");
  server.close();
  assert.equal(code, 0, err);
  assert.deepEqual(out, LINES);
  assert.match(err, /open over HTTP\/1\.1/);
  assert.deepEqual([server.seen.connects, server.seen.upgrades], [0, 1]);
});

await check("a 401 over HTTP/2 comes with its body", async () => {
  const server = await echo(true, false);
  const { code, err } = await chat(`ws://localhost:${server.port}/private`, [], "--http2");
  server.close();
  assert.notEqual(code, 0);
  assert.match(err, /who are you\?/);
  assert.match(err, /401/);
});

const ours = await serve("hyper_server");

async function session() {
  const client = http2.connect(`http://127.0.0.1:${ours.port}`);
  const [settings] = await within(once(client, "remoteSettings"), "SETTINGS");
  assert.equal(settings.enableConnectProtocol, true);
  return client;
}

async function connect(client, headers = {}) {
  const stream = client.request({ ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/version", ":authority": `127.0.0.1:${ours.port}`, "sec-websocket-version": "13", ...headers });
  stream.on("error", () => {});
  const [answer] = await within(once(stream, "response"), "a response");
  return { stream, answer, status: answer[":status"] };
}

await check("Node's http2 opens 32 sockets on one connection to our server", async () => {
  const client = await session();
  await Promise.all(Array.from({ length: 32 }, async (_, n) => {
    const { stream, answer, status } = await connect(client, { "sec-websocket-protocol": "other, echo" });
    assert.deepEqual([status, answer["sec-websocket-protocol"]], [200, "echo"]);
    const socket = webSocket(stream, false);
    const got = [];
    socket.on("message", (data) => { got.push(data.toString()); });
    const sent = ["", `socket ${n}`, "y".repeat(1000 * n)];
    for (const text of sent) socket.send(text);
    socket.close(4000, "done");
    const [code] = await within(once(socket, "close"), "close");
    assert.equal(code, 4000);
    assert.deepEqual(got, ["HTTP/2.0", ...sent]);
  }));
  client.close();
});

for (const [name, headers, expected] of [
  ["another protocol", { ":protocol": "connect-udp" }, 501],
  ["another version", { "sec-websocket-version": "8" }, 426],
  ["no token", { ":path": "/private" }, 401],
  ["a subprotocol that is no token", { "sec-websocket-protocol": "a b" }, 400],
]) {
  await check(`${name} is answered ${expected} over HTTP/2`, async () => {
    const client = await session();
    const { status, answer } = await connect(client, headers);
    assert.equal(status, expected);
    if (expected === 426) assert.equal(answer["sec-websocket-version"], "13");
    client.close();
  });
}

await check("streams that are reset in mid-frame leave the connection to the others", async () => {
  const client = await session();
  for (let n = 0; n < 10; n += 1) {
    const { stream } = await connect(client);
    stream.write(Buffer.from([0x82, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5]));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await within(once(stream, "close"), "close");
  }
  const { stream, status } = await connect(client);
  assert.equal(status, 200);
  stream.destroy();
  client.destroy();
});

await ours.kill();
finish();
