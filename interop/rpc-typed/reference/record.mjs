// Records what @trpc/server answers to a list of requests, for `rpc-typed/tests/transcripts.rs` to hold ours to. Run it when the
// version of @trpc/server changes: `node reference/record.mjs > ../../rpc-typed/tests/transcripts.json`.
import { createRequire } from "node:module";
import { initTRPC, TRPCError, tracked } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { z } from "zod";

const t = initTRPC.context().create({ isDev: false, sse: { client: { reconnectAfterInactivityMs: 3000 } } });
const authed = t.procedure.use(({ ctx, next }) => {
  if (ctx.token !== "Bearer t") throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: "ada" } });
});
const router = t.router({
  hello: t.procedure.input(z.string().optional()).query(({ input }) => ({ greeting: `hello ${input ?? "world"}` })),
  none: t.procedure.query(() => null),
  nothing: t.procedure.mutation(() => undefined),
  boom: t.procedure.query(() => { throw new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "Internal server error" }); }),
  user: t.router({
    get: t.procedure.input(z.object({ id: z.string() })).query(({ input }) => {
      if (input.id !== "1") throw new TRPCError({ code: "NOT_FOUND", message: "No such user" });
      return { id: "1", name: "Ada" };
    }),
    create: authed.input(z.object({ name: z.string() })).mutation(({ input, ctx }) => ({ name: input.name, by: ctx.user })),
    taken: t.procedure.input(z.object({ name: z.string() })).mutation(() => { throw new TRPCError({ code: "CONFLICT", message: "taken" }); }),
  }),
  count: t.procedure.input(z.object({ to: z.number(), lastEventId: z.string().optional() })).subscription(async function* ({ input }) {
    for (let n = Number(input.lastEventId ?? 0) + 1; n <= input.to; n += 1) yield tracked(String(n), { n });
  }),
  resumed: t.procedure.input(z.object({ lastEventId: z.string() }).nullish()).subscription(async function* ({ input }) { yield input?.lastEventId ?? null; }),
  letters: t.procedure.subscription(async function* () { yield "a"; yield "b\nc"; }),
  mixed: t.procedure.subscription(async function* () { yield tracked("7", 1); yield 2; yield tracked("8", 3); yield 4; }),
  breaks: t.procedure.subscription(async function* () { yield 1; throw new TRPCError({ code: "FORBIDDEN", message: "no more" }); }),
  mine: authed.subscription(async function* () { yield 1; }),
});
const server = createHTTPServer({
  router,
  basePath: "/",
  maxBatchSize: 8,
  maxBodySize: 100,
  createContext: ({ req }) => {
    if (req.headers["x-refuse"]) throw new TRPCError({ code: "FORBIDDEN", message: "not you" });
    return { token: req.headers.authorization };
  },
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const port = server.address().port;

const JSON_TYPE = { "content-type": "application/json" };
const TOKEN = { authorization: "Bearer t" };
const q = (value) => encodeURIComponent(JSON.stringify(value));
const get = (path, headers = {}) => ({ method: "GET", path, headers });
const post = (path, body, headers = {}) => ({ method: "POST", path, headers: { ...JSON_TYPE, ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });
// `free`: the message is in the words of a parser or a validator, so only the rest is compared.
const free = (request) => ({ ...request, free: true });
const requests = [
  get("hello"), get(`hello?input=${q("you")}`), get("hello?input="), get(`hello?input=${q("a+b%2B é\u{1f600}")}`), get("hello?input=%22a+b%22"),
  get("hello?x=1&input=%22first%22&input=%22second%22"), get("hello?%69nput=%22named%22"), get("none"), post("nothing", ""), post("nothing", "not json"),
  get(`user.get?input=${q({ id: "1" })}`), get(`user.get?input=${q({ id: "2" })}`), get(`user%2Eget?input=${q({ id: "1" })}`), free(get(`user.get?input=${q({ id: 1 })}`)),
  free(get("user.get")), free(get("user.get?input=%7Bbad")), free(get("user.get?input=null")), get("nope"), get(""), get("user"), get("user.get.more"), get("toString"), get("__proto__"),
  get("a%2"), get("a%zz"), get("%ff"), get("h%65llo"), get("boom"),
  post("user.create", { name: "Bob" }, TOKEN), post("user.create", { name: "Bob" }), post("user.create", "{bad"), free(post("user.create", "{bad", TOKEN)), free(post("user.create", "", TOKEN)),
  free(post("user.create", { name: 1 }, TOKEN)), post("user.taken", { name: "Bob" }), post("hello", ""), get("user.create"), { method: "PUT", path: "hello", headers: JSON_TYPE, body: "1" },
  { method: "DELETE", path: "nothing", headers: JSON_TYPE }, { method: "HEAD", path: "hello", headers: {} }, { method: "HEAD", path: "nope", headers: {} }, { method: "OPTIONS", path: "hello", headers: {} },
  { method: "POST", path: "nothing", headers: {}, body: "" }, { method: "POST", path: "nothing", headers: { "content-type": "text/plain" }, body: "{}" },
  { method: "POST", path: "nothing", headers: { "content-type": "APPLICATION/json ; charset=utf-8" }, body: "" }, { method: "POST", path: "nothing", headers: { "content-type": "application/jsonx" }, body: "" },
  get("hello", { "content-type": "text/plain" }),
  get(`hello,user.get?batch=1&input=${q({ 1: { id: "1" } })}`), get(`hello,user.get?batch=1&input=${q({ 0: "x", 1: { id: "2" } })}`), get(`hello?batch=1&input=${q({ 0: "one" })}`),
  get(`hello%2Cnone?batch=1&input=${q({})}`), get("hello,none?batch=1"), get("hello,none?batch=true"), get("hello,none?batch=%31"), free(get("hello,user.get?batch=1&input=%7B")), get("hello,none?batch=1&input=%5B%5D"),
  get("hello,none?batch=1&input=3"), get("hello,none?batch=1&input=null"), get(`hello?batch=1&input=${q({ "00": "no", 0: "yes", x: 1 })}`), get("hello?batch=1&input=%7B%220%22%3A%22a%22%2C%220%22%3A%22b%22%7D"),
  get(",?batch=1"), get(`${",".repeat(7)}?batch=1`), get(`${",".repeat(8)}?batch=1`), get("nope,nada?batch=1"), get("hello,nope?batch=1"), get("hello,user.create?batch=1"), get("count,letters?batch=1"), get("count?batch=1"),
  post("user.create,user.taken?batch=1", { 0: { name: "a" }, 1: { name: "b" } }, TOKEN), post("user.create,nothing?batch=1", { 0: { name: "a" } }), post("nothing,nothing?batch=1", ""), post("hello,none?batch=1", ""),
  post("nothing,hello,letters?batch=1", ""), get("hello,count?batch=1"),
  get("hello", { "x-refuse": "1" }), get("hello,none?batch=1", { "x-refuse": "1" }), get("letters", { "x-refuse": "1" }), get("nope", { "x-refuse": "1" }),
  get(`hello?connectionParams=${q({ a: "b" })}`), get("hello?connectionParams=null"), get(`hello?connectionParams=${q({ a: 1 })}`), get("hello?connectionParams=%7B"), get("hello?connectionParams=%5B%5D"), get("hello?connectionParams=3"),
  post("user.taken", { name: "x".repeat(200) }), post("user.create", { name: "x".repeat(200) }), post("user.create,user.create?batch=1", { 0: { name: "x".repeat(200) } }, TOKEN),
  get(`count?input=${q({ to: 3 })}`), get(`count?input=${q({ to: 3 })}`, { "last-event-id": "2" }), get(`count?input=${q({ to: 3, lastEventId: "1" })}&lastEventId=2`), get(`count?input=${q({ to: 3 })}&Last-Event-Id=1`),
  get(`count?input=${q({ to: 3, lastEventId: "1" })}`, { "last-event-id": "" }), get("resumed"), get("resumed?lastEventId=x%20y"), get("resumed?input=null&lastEventId=9"), get("letters"), get("letters?lastEventId=5"), get("mixed"), get("breaks"),
  get("mine"), get("mine", TOKEN), free(get("count")), free(get(`count?input=${q(5)}&lastEventId=1`)), post("letters", ""), get("letters", { accept: "text/event-stream" }), get("letters", { accept: "application/json" }),
  get("hello", { "trpc-accept": "application/jsonl" }), get("hello", { accept: "application/jsonl" }),
];

const HEADERS = ["content-type", "vary", "allow", "cache-control", "x-accel-buffering"];
function events(text) {
  return text.split("\n\n").map((block) => {
    const fields = {};
    for (const line of block.split("\n").filter(Boolean)) {
      const at = line.indexOf(": ");
      fields[line.slice(0, at)] = line.slice(at + 2);
    }
    return fields;
  }).filter((fields) => Object.keys(fields).length > 0);
}
const { request: send } = createRequire(import.meta.url)("node:http");
function exchange({ method, path, headers, body }) {
  return new Promise((done, fail) => {
    const request = send({ port, method, path: `/${path}`, headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) } }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      done({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
    });
    request.on("error", fail);
    request.end(body);
  });
}
const lines = [];
for (const request of requests) {
  const { status, headers, text } = await exchange(request);
  const answer = { status, headers: Object.fromEntries(HEADERS.filter((name) => headers[name]).map((name) => [name, headers[name]])) };
  if (headers["content-type"] === "text/event-stream") answer.events = events(text);
  else if (text) answer.body = JSON.parse(text);
  lines.push(`  ${JSON.stringify({ request, answer })}`);
}
console.log(`[\n${lines.join(",\n")}\n]`);
server.close();
process.exit(0);
