// gRPC by `@grpc/grpc-js`, with `@grpc/proto-loader` reading the .proto file itself.
import assert from "node:assert/strict";
import path from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { base, check, finish, someone, token, within } from "../lib/check.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const options = { keepCase: true, longs: String, defaults: true, includeDirs: [path.join(here, "../../examples/proto")] };
const { octavo } = grpc.loadPackageDefinition(loader.loadSync("octavo/users/v1/users.proto", options));
const UserService = octavo.users.v1.UserService;
const address = base.replace("http://", "");
const users = new UserService(address, grpc.credentials.createInsecure());
const auth = () => {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
};
const soon = () => ({ deadline: Date.now() + 5000 });
const unary = (method, request, metadata = new grpc.Metadata(), call = soon()) =>
  new Promise((done, fail) => users[method](request, metadata, call, (error, answer) => (error ? fail(error) : done(answer))));
const collect = (stream) =>
  new Promise((done, fail) => {
    const all = [];
    stream.on("data", (message) => all.push(message)).on("end", () => done(all)).on("error", fail);
  });
const bulk = (all, metadata = auth()) =>
  new Promise((done, fail) => {
    const call = users.CreateUsersBulk(metadata, soon(), (error, answer) => (error ? fail(error) : done(answer)));
    for (const user of all) call.write(user);
    call.end();
  });
const refused = async (promise, code) => {
  const error = await promise.then(() => null, (e) => e);
  assert.equal(error && error.code, code, String(error));
  return error;
};

await check("unary: GetUser", async () => {
  const user = await unary("GetUser", { user_id: "42" });
  assert.deepEqual([user.id, user.name], ["42", "Alice"]);
  assert.ok(Number(user.created_at) > 1.5e12);
});

await check("server streaming: ListUsers", async () => {
  const found = await collect(users.ListUsers({ limit: 2 }, soon()));
  assert.equal(found.length, 2);
});

await check("client streaming: CreateUsersBulk", async () => {
  const wanted = Array.from({ length: 10 }, () => someone());
  const created = await bulk(wanted);
  assert.deepEqual(created.users.map(({ name, email }) => ({ name, email })), wanted);
});

await check("bidirectional streaming: Chat, 50 messages to and fro", async () => {
  const call = users.Chat(auth(), { deadline: Date.now() + 10000 });
  await within((async () => {
    const heard = call[Symbol.asyncIterator]();
    for (let n = 0; n < 50; n += 1) {
      call.write({ room: "grpcjs", from: "js", body: `ünïcode 🦀 ${n}` });
      assert.equal((await heard.next()).value.body, `ünïcode 🦀 ${n}`);
    }
    call.end();
    assert.equal((await heard.next()).done, true);
  })(), "chat");
});

await check("WatchUsers answers at once and tells of each user once", async () => {
  const call = users.WatchUsers({});
  call.on("error", () => {});
  await within(new Promise((done) => call.on("metadata", done)), "the head");
  const wanted = someone();
  const told = within(new Promise((done) => call.on("data", (user) => user.email === wanted.email && done(user))), "the user");
  const created = await bulk([wanted]);
  assert.deepEqual(await told, created.users[0]);
  call.cancel();
});

await check("metadata, text and binary, both ways", async () => {
  const metadata = new grpc.Metadata();
  metadata.set("x-text", "a, b");
  metadata.add("x-any-bin", Buffer.from(Array.from({ length: 256 }, (_, n) => n)));
  metadata.add("x-any-bin", Buffer.from([0]));
  assert.equal((await unary("GetUser", { user_id: "42" }, metadata)).id, "42");
  const every = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  const ids = new grpc.Metadata();
  ids.set("x-request-id", "r-1");
  ids.set("x-trace-bin", every);
  const call = users.GetUser({ user_id: "42" }, ids, soon(), () => {});
  const [head, status] = await within(Promise.all(["metadata", "status"].map((name) => new Promise((done) => call.on(name, done)))), "the ids");
  assert.deepEqual(head.get("x-request-id"), ["r-1"]);
  assert.deepEqual(status.metadata.get("x-trace-bin"), [every]);
});

await check("NOT_FOUND, INVALID_ARGUMENT and ALREADY_EXISTS with their texts", async () => {
  assert.match((await refused(unary("GetUser", { user_id: "999999" }), grpc.status.NOT_FOUND)).details, /999999/);
  assert.match((await refused(bulk([someone(), { name: "", email: "x@example.com" }]), grpc.status.INVALID_ARGUMENT)).details, /message 2: name/);
  const twice = someone();
  assert.match((await refused(bulk([twice, twice]), grpc.status.ALREADY_EXISTS)).details, /message 2/);
});

await check("without the token: UNAUTHENTICATED", async () => {
  await refused(bulk([someone()], new grpc.Metadata()), grpc.status.UNAUTHENTICATED);
  await refused(collect(users.Chat(new grpc.Metadata())), grpc.status.UNAUTHENTICATED);
});

await check("an unknown method: UNIMPLEMENTED", async () => {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const call = new Promise((done, fail) =>
    client.makeUnaryRequest("/octavo.users.v1.UserService/Nothing", (x) => x, (x) => x, Buffer.alloc(0), (error, answer) => (error ? fail(error) : done(answer))));
  await refused(call, grpc.status.UNIMPLEMENTED);
  client.close();
});

await check("a deadline ends an open stream", async () => {
  await refused(within(collect(users.WatchUsers({}, { deadline: Date.now() + 300 })), "the end"), grpc.status.DEADLINE_EXCEEDED);
});

await check("a call is cancelled and the connection lives on", async () => {
  const call = users.WatchUsers({});
  const ended = collect(call);
  call.on("metadata", () => call.cancel());
  await refused(within(ended, "the end"), grpc.status.CANCELLED);
  assert.equal((await unary("GetUser", { user_id: "42" })).id, "42");
});

await check("a message over the limit: RESOURCE_EXHAUSTED", async () => {
  await refused(unary("GetUser", { user_id: "7".repeat(1 << 20) }), grpc.status.RESOURCE_EXHAUSTED);
  assert.equal((await unary("GetUser", { user_id: "42" })).id, "42");
});

await check("many calls on one connection at once", async () => {
  const found = await Promise.all(Array.from({ length: 300 }, () => unary("GetUser", { user_id: "42" })));
  assert.ok(found.every((user) => user.id === "42"));
});

users.close();
finish();
