// Our client against servers that none of us wrote: cut at every byte, and through all that a server and a network may do to it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { createSession } from "better-sse";
import { check, examples, finish, within } from "../lib/check.mjs";

const client = `${examples}/cut-client`;
const smoke = process.env.OCTAVO_SMOKE === "1";
const clients = smoke ? "8" : "64";

const head = { "content-type": "text/event-stream", "cache-control": "no-store" };

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

// Runs the cutting client; it fails where an id is missing, comes twice or out of order.
async function cut(url, last) {
  const { stdout } = await within(promisify(execFile)(client, ["cut", `${url}/events`, String(last), clients]), "the cuts");
  const [, cuts, bytes] = stdout.match(/^(\d+) cuts of (\d+) bytes/);
  assert.equal(Number(cuts), Number(bytes) + 1);
  return Number(bytes);
}

// Starts the watching client: an iterator over its signals.
async function* watch(url, ...options) {
  const child = spawn(client, ["watch", url, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
  } finally {
    child.kill();
  }
}
const all = async (signals) => within((async () => { const seen = []; for await (const signal of signals) seen.push(signal); return seen; })(), "the signals");
const kinds = (signals) => signals.map((signal) => signal.signal);
// These events, in this order; what came behind each but the last was left for its silence. A busy machine may be silent more often.
function leftForSilence(signals, events) {
  const ends = signals.flatMap(({ signal }, n) => (signal === "event" ? [n] : []));
  assert.deepEqual(ends.map((n) => signals[n].data), events);
  for (const n of ends.slice(0, -1)) assert.equal(signals[n + 1].why, "Idle");
}
const fast = ["--base", "1", "--min-retry", "1"];

// Events 1 to `last`, each in a form of its own, as a plain server may write them.
const forms = [
  (n, data) => `id: ${n}\ndata: ${data}\n\n`,
  (n, data) => `id:${n}\r\nevent:tick\r\ndata:${data}\r\n\r\n`,
  (n, data) => `:comment\rdata: ${data}\rid: ${n}\r\r`,
  (n, data) => `event: tick\nid: 0\nid: ${n}\ndata: ${data}\ndata\ndata: next line\n\n`,
  (n, data) => `retry: 1\nunknown: field\ndata: ${data}\nid: ${n}\n\n`,
];
const text = (n, last) => forms[n % forms.length](n, `${n} of ${last} ünïcode 🦀`);

// Before the others, whose connections might take the port in the meantime.
await check("a server that is gone for a while is found again", async () => {
  const server = http.createServer((request, response) => response.writeHead(200, head).end("data: x\n\n"));
  const url = await listen(server);
  const port = server.address().port;
  server.close();
  const signals = watch(`${url}/`, "--events", "1", "--base", "100");
  const first = await within(signals.next(), "the first signal");
  assert.deepEqual([first.value.signal, first.value.why], ["waiting", "Error"]);
  const again = http.createServer((request, response) => response.writeHead(200, head).end("data: back\n\n"));
  again.listen(port, "127.0.0.1");
  const rest = await all(signals);
  assert.equal(rest.at(-1).data, "back");
  again.close();
});

// The others meet servers of their own and mostly wait, so they run side by side.
const running = [];
const begin = (name, run) => running.push(check(name, run));

begin("plain node:http: cut at every byte of a stream in five styles, every id once", async () => {
  const last = smoke ? 3 : 34;
  const server = http.createServer((request, response) => {
    const after = Number(request.headers["last-event-id"] ?? 0);
    if (after >= last) return response.writeHead(204).end();
    response.writeHead(200, head);
    for (let n = after + 1; n <= last; n += 1) response.write(text(n, last));
    response.end();
  });
  const bytes = await cut(await listen(server), last);
  assert.ok(smoke || bytes >= 2000, `${bytes} bytes`);
  server.close();
});

begin("better-sse: cut at every byte, every id once", async () => {
  const last = smoke ? 3 : 36;
  const server = http.createServer(async (request, response) => {
    const after = Number(request.headers["last-event-id"] ?? 0);
    if (after >= last) return response.writeHead(204).end();
    const session = await createSession(request, response, { retry: 1, serializer: String });
    for (let n = after + 1; n <= last; n += 1) session.push(`${n} of ${last} ünïcode 🦀`, "tick", String(n));
    response.end();
  });
  const bytes = await cut(await listen(server), last);
  assert.ok(smoke || bytes >= 2000, `${bytes} bytes`);
  server.close();
});

begin("sse-starlette: cut at every byte, every id once", async () => {
  const last = smoke ? 3 : 27;
  const child = spawn("python", [new URL("starlette_server.py", import.meta.url).pathname, String(last)], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [port] = await within(once(createInterface({ input: child.stdout }), "line"), "the server's port");
    const bytes = await cut(`http://127.0.0.1:${port}`, last);
    assert.ok(smoke || bytes >= 2000, `${bytes} bytes`);
  } finally {
    child.stdin.end();
  }
});

begin("by default no two attempts are closer than 100 ms, whatever the server wants", async () => {
  const gaps = [];
  let ended;
  const server = http.createServer((request, response) => {
    if (ended !== undefined) gaps.push(performance.now() - ended);
    response.writeHead(200, head);
    ended = performance.now();
    response.end("retry: 0\n\n");
  });
  const signals = watch(`${await listen(server)}/`);
  await within((async () => { for await (const _ of signals) if (gaps.length >= 10) break; })(), "ten attempts");
  assert.ok(gaps.every((gap) => gap >= 100), `${gaps}`);
  server.closeAllConnections();
  server.close();
});

begin("204 ends it without an error, 500 and a wrong type with one that holds the body", async () => {
  const answers = {
    "/204": (response) => response.writeHead(204).end(),
    "/500": (response) => response.writeHead(500, { "content-type": "text/plain" }).end("out of order"),
    "/html": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>login"),
    "/none": (response) => response.writeHead(200).end("data: x\n\n"),
  };
  let requests = 0;
  const server = http.createServer((request, response) => { requests += 1; answers[request.url](response); });
  const url = await listen(server);
  assert.deepEqual(await all(watch(`${url}/204`)), []);
  const [refused] = await all(watch(`${url}/500`));
  assert.equal(refused.signal, "ended");
  assert.match(refused.why, /500/);
  assert.equal(refused.body, "out of order");
  const [html] = await all(watch(`${url}/html`));
  assert.match(html.why, /text\/html/);
  assert.equal(html.body, "<p>login");
  assert.match((await all(watch(`${url}/none`)))[0].why, /content type/);
  assert.equal(requests, 4, "none of them was tried again");
  server.close();
});

begin("a redirect without end is left after ten", async () => {
  let requests = 0;
  const server = http.createServer((request, response) => { requests += 1; response.writeHead(301, { location: `/${requests}` }).end(); });
  const [ended] = await all(watch(`${await listen(server)}/`));
  assert.match(ended.why, /more than 10 redirects/);
  assert.equal(requests, 11);
  server.close();
});

begin("a permanent redirect is asked for once, a temporary one each time", async () => {
  const paths = [];
  const server = http.createServer((request, response) => {
    paths.push(request.url);
    if (request.url === "/old") return response.writeHead(308, { location: "/new" }).end();
    if (request.url === "/new") return response.writeHead(307, { location: "/now" }).end();
    response.writeHead(200, head).end(`id: ${paths.length}\ndata: x\n\n`);
  });
  await all(watch(`${await listen(server)}/old`, ...fast, "--events", "3"));
  assert.deepEqual(paths.slice(0, 7), ["/old", "/new", "/now", "/new", "/now", "/new", "/now"]);
  server.close();
});

begin("429 with Retry-After is waited for, and not a moment less", async () => {
  const times = [];
  const server = http.createServer((request, response) => {
    times.push(performance.now());
    if (times.length === 1) return response.writeHead(429, { "retry-after": "1" }).end();
    response.writeHead(200, head).end("data: x\n\n");
  });
  const signals = await all(watch(`${await listen(server)}/`, ...fast, "--transient", "--events", "1"));
  assert.deepEqual(kinds(signals), ["waiting", "open", "event"]);
  assert.match(signals[0].why, /429/);
  assert.ok(times[1] - times[0] >= 1000, `${times[1] - times[0]} ms`);
  server.close();
});

begin("silence before the head, and after it, is left", async () => {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    if (requests === 1) return; // not even a head
    response.writeHead(200, head);
    const after = request.headers["last-event-id"];
    response.write(after === undefined ? "id: 1\ndata: x\n\n" : `data: after ${after}\n\n`);
  });
  const signals = await all(watch(`${await listen(server)}/`, ...fast, "--response", "500", "--idle", "500", "--events", "2"));
  assert.equal(signals[0].why, "Timeout");
  leftForSilence(signals, ["x", "after 1"]);
  server.closeAllConnections();
  server.close();
});

begin("a reset in the middle of an event loses nothing and repeats nothing", async () => {
  let connections = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => {
      connections += 1;
      const after = Number(/last-event-id: (\d+)/i.exec(request)?.[1] ?? 0);
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
      socket.write(`id: ${after + 1}\ndata: whole\n\nid: ${after + 2}\ndata: ha`, () => setTimeout(() => socket.resetAndDestroy(), 20));
    });
  });
  const signals = await all(watch(`${await listen(server)}/`, ...fast, "--events", "5"));
  assert.deepEqual(signals.filter((s) => s.signal === "event").map((s) => s.id), ["1", "2", "3", "4", "5"]);
  assert.ok(signals.filter((s) => s.signal === "waiting").every((s) => s.why === "Error"));
  assert.equal(connections, 5);
  server.close();
});

// HTTP/2 in the clear: `answer` gets the stream, its headers and its number.
async function h2(answer, options = {}) {
  const server = http2.createServer(options);
  const sessions = new Set();
  let streams = 0;
  server.on("session", (session) => { sessions.add(session); session.on("error", () => {}); session.on("close", () => sessions.delete(session)); });
  server.on("stream", (stream, headers) => { stream.on("error", () => {}); streams += 1; answer(stream, headers, streams); });
  const url = await listen(server);
  return { url, close: () => { for (const session of sessions) session.destroy(); server.close(); } };
}
const ok = { ":status": 200, "content-type": "text/event-stream" };

begin("h2: GOAWAY in mid-stream: what was begun is read to its end, and the next attempt is on a new connection", async () => {
  const sessions = new Set();
  const server = await h2((stream, headers, number) => {
    sessions.add(stream.session);
    stream.respond(ok);
    const after = Number(headers["last-event-id"] ?? 0);
    stream.write(`id: ${after + 1}\ndata: before\n\n`);
    if (number === 1) {
      stream.session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id);
      setTimeout(() => stream.end(`id: ${after + 2}\ndata: behind\n\n`), 50);
    }
  });
  const signals = await all(watch(`${server.url}/`, "--http2", ...fast, "--events", "3"));
  assert.deepEqual(signals.filter((s) => s.signal === "event").map((s) => s.id), ["1", "2", "3"]);
  assert.equal(sessions.size, 2);
  server.close();
});

begin("h2: GOAWAY that disowns the stream, and a session that is destroyed, are come back from", async () => {
  const server = await h2((stream, headers, number) => {
    stream.respond(ok);
    const after = Number(headers["last-event-id"] ?? 0);
    stream.write(`id: ${after + 1}\ndata: x\n\nid: ${after + 2}\ndata: ha`, () => {
      setTimeout(() => {
        if (number === 1) stream.session?.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0);
        stream.session?.destroy();
      }, 20);
    });
  });
  const signals = await all(watch(`${server.url}/`, "--http2", ...fast, "--events", "3"));
  assert.deepEqual(signals.filter((s) => s.signal === "event").map((s) => s.id), ["1", "2", "3"]);
  server.close();
});

begin("h2: RST_STREAM with each code is come back from", async () => {
  const codes = ["NGHTTP2_CANCEL", "NGHTTP2_INTERNAL_ERROR", "NGHTTP2_REFUSED_STREAM", "NGHTTP2_NO_ERROR"].map((name) => http2.constants[name]);
  const server = await h2((stream, headers, number) => {
    stream.respond(ok);
    const after = Number(headers["last-event-id"] ?? 0);
    stream.write(`id: ${after + 1}\ndata: x\n\nid: ${after + 2}\ndata: ha`, () => {
      setTimeout(() => stream.close(codes[(number - 1) % codes.length]), 20);
    });
  });
  const signals = await all(watch(`${server.url}/`, "--http2", ...fast, "--events", "5"));
  assert.deepEqual(signals.filter((s) => s.signal === "event").map((s) => s.id), ["1", "2", "3", "4", "5"]);
  server.close();
});

begin("h2: 204, 500, a wrong type, 429, an endless 301 and silence as over h1", async () => {
  let redirects = 0;
  const times = [];
  const server = await h2((stream, headers) => {
    switch (headers[":path"]) {
      case "/html": stream.respond({ ":status": 200, "content-type": "text/html" }); return stream.end("<p>login");
      case "/429":
        times.push(performance.now());
        if (times.length === 1) return stream.respond({ ":status": 429, "retry-after": "1" }, { endStream: true });
        stream.respond(ok);
        return stream.end("data: x\n\n");
      case "/204": return stream.respond({ ":status": 204 }, { endStream: true });
      case "/500": stream.respond({ ":status": 500 }); return stream.end("out of order");
      case "/301": redirects += 1; return stream.respond({ ":status": 301, location: "/301" }, { endStream: true });
      case "/idle": stream.respond(ok); return stream.write("data: x\n\n");
      default: return undefined; // silence
    }
  });
  assert.deepEqual(await all(watch(`${server.url}/204`, "--http2")), []);
  assert.equal((await all(watch(`${server.url}/500`, "--http2")))[0].body, "out of order");
  const [html] = await all(watch(`${server.url}/html`, "--http2"));
  assert.match(html.why, /text\/html/);
  assert.equal(html.body, "<p>login");
  const limited = await all(watch(`${server.url}/429`, "--http2", ...fast, "--transient", "--events", "1"));
  assert.deepEqual(kinds(limited), ["waiting", "open", "event"]);
  assert.ok(times[1] - times[0] >= 1000, `${times[1] - times[0]} ms`);
  assert.match((await all(watch(`${server.url}/301`, "--http2")))[0].why, /more than 10 redirects/);
  assert.equal(redirects, 11);
  const silent = await all(watch(`${server.url}/silent`, "--http2", ...fast, "--response", "300", "--attempts", "2"));
  assert.deepEqual([silent[0].why, silent.at(-1).signal], ["Timeout", "ended"]);
  const idle = await all(watch(`${server.url}/idle`, "--http2", ...fast, "--idle", "300", "--events", "2"));
  leftForSilence(idle, ["x", "x"]);
  server.close();
});

await Promise.all(running);
finish();
