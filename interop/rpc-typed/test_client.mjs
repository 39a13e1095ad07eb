// The door /trpc by @trpc/client: single and batched calls, JSON Lines, error shapes, subscriptions that are cut and resumed.
import assert from "node:assert/strict";
import net from "node:net";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import { base, check, createUser, finish, sleep, someone, token, within } from "../lib/check.mjs";

const smoke = process.env.OCTAVO_SMOKE === "1";
const url = `${base}/trpc`;
const authorization = `Bearer ${token}`;
// Counts the requests that a link makes.
function counted() {
  const seen = [];
  return { seen, fetch: async (input, init) => { const response = await fetch(input, init); seen.push({ url: String(input), method: init.method, status: response.status }); return response; } };
}
const client = (link, options = {}) => createTRPCClient({ links: [link({ url, ...options })] });
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof TRPCClientError, String(error));
    return error;
  }
  throw new Error("it was not refused");
}
function shape(error, code, number, status, path) {
  assert.deepEqual([error.data?.code, error.shape?.code, error.data?.httpStatus, error.data?.path], [code, number, status, path], JSON.stringify(error.shape));
}

for (const [name, link] of [["httpLink", httpLink], ["httpBatchLink", httpBatchLink], ["httpBatchStreamLink", httpBatchStreamLink]]) {
  await check(`${name}: a mutation makes a user and a query reads it`, async () => {
    const trpc = client(link, { headers: { authorization } });
    const user = someone();
    const made = await trpc.users.create.mutate(user);
    assert.deepEqual([made.name, made.email, typeof made.id], [user.name, user.email, "string"]);
    assert.deepEqual(await trpc.users.getById.query({ id: made.id }), made);
  });
  await check(`${name}: inputs that are left out, and text of every kind`, async () => {
    const trpc = client(link, { headers: { authorization } });
    assert.ok((await trpc.posts.query()).length > 1);
    assert.equal((await trpc.posts.query({ limit: 1 })).length, 1);
    const made = await trpc.users.create.mutate({ ...someone(), name: "é€😀 \"%2C,+\\ &?#" });
    assert.equal(made.name, "é€😀 \"%2C,+\\ &?#");
  });
  await check(`${name}: errors have code, number, status and path`, async () => {
    const open = client(link), known = client(link, { headers: { authorization } });
    shape(await refusal(open.users.getById.query({ id: "999999" })), "NOT_FOUND", -32004, 404, "users.getById");
    shape(await refusal(open.users.create.mutate(someone())), "UNAUTHORIZED", -32001, 401, "users.create");
    shape(await refusal(open.users.create.mutate({ nonsense: true })), "UNAUTHORIZED", -32001, 401, "users.create");
    shape(await refusal(open.nope.query()), "NOT_FOUND", -32004, 404, "nope");
    shape(await refusal(open.users.getById.query({ id: 7 })), "BAD_REQUEST", -32600, 400, "users.getById");
    shape(await refusal(open.posts.mutate()), "METHOD_NOT_SUPPORTED", -32005, 405, "posts");
    const user = await createUser();
    shape(await refusal(known.users.create.mutate({ name: "B", email: user.email })), "CONFLICT", -32009, 409, "users.create");
  });
  await check(`${name}: broken rules come as issues`, async () => {
    const error = await refusal(client(link, { headers: { authorization } }).users.create.mutate({ name: " ", email: "x" }));
    shape(error, "BAD_REQUEST", -32600, 400, "users.create");
    assert.deepEqual(error.data.issues.map((issue) => issue.path), [["name"], ["email"]]);
    assert.ok(error.data.issues.every((issue) => issue.message.startsWith("must ")));
  });
}

await check("httpBatchLink: calls of one moment go in one request, and 207 tells them apart", async () => {
  const { seen, fetch } = counted();
  const trpc = client(httpBatchLink, { fetch });
  const results = await Promise.allSettled([trpc.users.getById.query({ id: "42" }), trpc.users.getById.query({ id: "999999" }), trpc.posts.query(), trpc.nope.query()]);
  assert.deepEqual(results.map((result) => result.status), ["fulfilled", "rejected", "fulfilled", "rejected"]);
  assert.equal(results[0].value.name, "Alice");
  assert.deepEqual(seen.map((request) => [request.method, request.status]), [["GET", 207]]);
});

await check("httpBatchLink: mutations of one moment go in one POST", async () => {
  const { seen, fetch } = counted();
  const trpc = client(httpBatchLink, { fetch, headers: { authorization } });
  const made = await Promise.all(Array.from({ length: 10 }, () => trpc.users.create.mutate(someone())));
  assert.equal(new Set(made.map((user) => user.id)).size, 10);
  assert.deepEqual(seen.map((request) => [request.method, request.status]), [["POST", 200]]);
});

await check("httpBatchLink: 64 calls are a batch, 65 are refused, and the client tells each of them", async () => {
  const many = (n) => { const trpc = client(httpBatchLink); return Promise.allSettled(Array.from({ length: n }, () => trpc.posts.query({ limit: 1 }))); };
  assert.ok((await many(64)).every((result) => result.status === "fulfilled"));
  const refused = await many(65);
  assert.ok(refused.every((result) => result.reason?.message === "Batch call exceeds maximum size"), JSON.stringify(refused[0]));
});

for (const streamHeader of ["trpc-accept", "accept"]) {
  await check(`httpBatchStreamLink by ${streamHeader}: each call is answered, failures among them`, async () => {
    const { seen, fetch } = counted();
    const trpc = client(httpBatchStreamLink, { fetch, streamHeader });
    const results = await Promise.allSettled([trpc.users.getById.query({ id: "42" }), trpc.nope.query(), trpc.users.getById.query({ id: "999999" }), trpc.posts.query({ limit: 2 })]);
    assert.deepEqual(results.map((result) => result.status), ["fulfilled", "rejected", "rejected", "fulfilled"]);
    shape(results[2].reason, "NOT_FOUND", -32004, 404, "users.getById");
    assert.deepEqual(seen.map((request) => request.status), [200]);
  });
}

// Starts a subscription and collects what its callbacks hear.
function subscribe(procedure, input, { at = url } = {}) {
  const trpc = createTRPCClient({ links: [splitLink({ condition: (op) => op.type === "subscription", true: httpSubscriptionLink({ url: at, EventSource }), false: httpLink({ url: at }) })] });
  const heard = { data: [], started: 0, states: [], error: null, complete: false }, waiting = [];
  const wake = () => { for (const one of waiting.splice(0)) one(); };
  const subscription = procedure(trpc).subscribe(input, {
    onStarted: () => { heard.started += 1; wake(); },
    onData: (value) => { heard.data.push(value); wake(); },
    onError: (error) => { heard.error = error; wake(); },
    onComplete: () => { heard.complete = true; wake(); },
    onConnectionStateChange: (state) => { heard.states.push(state.state); wake(); },
  });
  const until = (what, holds) => within((async () => { while (!holds(heard)) await new Promise((done) => waiting.push(done)); })(), what);
  return { heard, until, stop: () => subscription.unsubscribe() };
}

await check("httpSubscriptionLink: ticks have ids and the end is the end", async () => {
  const { heard, until } = subscribe((trpc) => trpc.ticks, { count: 3, everyMs: 20 });
  await until("the end", (h) => h.complete);
  assert.deepEqual(heard.data.map((tick) => [tick.id, tick.data.n]), [["1", 1], ["2", 2], ["3", 3]]);
  assert.equal(heard.error, null);
  await sleep(300);
  assert.equal(heard.started, 1, "it does not come back");
});

await check("httpSubscriptionLink: the id that a caller gives is where it begins", async () => {
  const { heard, until } = subscribe((trpc) => trpc.ticks, { count: 5, everyMs: 20, lastEventId: "3" });
  await until("the end", (h) => h.complete);
  assert.deepEqual(heard.data.map((tick) => tick.id), ["4", "5"]);
});

// A way to the service that can be cut.
async function wire() {
  const open = new Set();
  const { hostname, port } = new URL(base);
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => { open.delete(from); to.destroy(); });
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { at: `http://127.0.0.1:${server.address().port}/trpc`, cut: () => { for (const socket of open) socket.destroy(); }, close: () => { server.close(); for (const socket of open) socket.destroy(); } };
}

await check("httpSubscriptionLink: cut off, it comes back behind the last id: nothing twice, nothing missing", async () => {
  const { at, cut, close } = await wire();
  const { heard, until } = subscribe((trpc) => trpc.ticks, { count: 12, everyMs: 60 }, { at });
  await until("three ticks", (h) => h.data.length >= 3);
  cut();
  await until("another start", (h) => h.started === 2);
  await until("the end", (h) => h.complete);
  assert.deepEqual(heard.data.map((tick) => tick.data.n), Array.from({ length: 12 }, (_, n) => n + 1));
  close();
});

await check("httpSubscriptionLink: a created user arrives once, and those of the time between are told after a cut", async () => {
  const { at, cut, close } = await wire();
  const { heard, until, stop } = subscribe((trpc) => trpc.users.created, undefined, { at });
  await until("the start", (h) => h.started === 1);
  const made = [await createUser()];
  await until("the first", (h) => h.data.length === 1);
  cut();
  made.push(await createUser(), await createUser());
  await until("another start", (h) => h.started === 2);
  made.push(await createUser());
  await until("all", (h) => h.data.length >= 4);
  await sleep(200);
  assert.deepEqual(heard.data.map((event) => event.data.id), made.map((user) => String(user.id)));
  stop();
  close();
});

await check("httpSubscriptionLink: an error that cannot pass ends it, with its shape", async () => {
  const { heard, until } = subscribe((trpc) => trpc.ticks, { count: 0 });
  await until("the error", (h) => h.error);
  shape(heard.error, "BAD_REQUEST", -32600, 400, "ticks");
  assert.deepEqual(heard.error.data.issues[0].path, ["count"]);
  await sleep(300);
  assert.equal(heard.started, 1, "it does not come back");
});

await check("httpSubscriptionLink: who unsubscribes hears no more", async () => {
  const { heard, until, stop } = subscribe((trpc) => trpc.ticks, { count: 1000, everyMs: 20 });
  await until("two ticks", (h) => h.data.length >= 2);
  stop();
  const count = heard.data.length;
  await sleep(200);
  assert.ok(heard.data.length <= count + 1, `${heard.data.length} after ${count}`);
});

await check("a subscription is an async iterable too", async () => {
  const trpc = createTRPCClient({ links: [httpSubscriptionLink({ url, EventSource })] });
  const seen = [];
  await within((async () => { for await (const tick of trpc.ticks.subscribe({ count: 3, everyMs: 20 })) seen.push(tick.data.n); })(), "the end");
  assert.deepEqual(seen, [1, 2, 3]);
});

await check("an aborted call is the client's error, and the service answers the next", async () => {
  const trpc = client(httpLink);
  const abort = new AbortController();
  const call = refusal(trpc.posts.query(undefined, { signal: abort.signal }));
  abort.abort();
  assert.match(String((await call).message), /abort/i);
  assert.ok((await trpc.posts.query()).length > 0);
});

if (!smoke) {
  await check("64 subscriptions side by side hear one user each once", async () => {
    const all = Array.from({ length: 64 }, () => subscribe((trpc) => trpc.users.created));
    await Promise.all(all.map((one) => one.until("the start", (h) => h.started === 1)));
    const user = await createUser();
    await Promise.all(all.map((one) => one.until("the user", (h) => h.data.length === 1)));
    await sleep(200);
    assert.ok(all.every((one) => one.heard.data.length === 1 && one.heard.data[0].data.id === String(user.id)));
    for (const one of all) one.stop();
  });
}

finish();
