// gRPC-Web by `@connectrpc/connect-web`, from the descriptors that protoc made: what a browser does, with the `fetch` of Node.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { base, check, createUser, finish, someone, within } from "../lib/check.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const python = path.join(here, "../.cache/venv/bin/python");
const descriptors = execFileSync(python, [path.join(here, "stubs.py")], { encoding: "utf8" }).trim();
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const users = createClient(registry.getService("octavo.users.v1.UserService"), createGrpcWebTransport({ baseUrl: base }));
const refused = async (promise, code) => {
  const error = await promise.then(() => null, (e) => e);
  assert.equal(error && ConnectError.from(error).code, code, String(error));
  return error;
};

await check("unary over HTTP/1.1", async () => {
  let head, trailers;
  const user = await users.getUser({ userId: "42" }, { onHeader: (h) => { head = h; }, onTrailer: (t) => { trailers = t; } });
  assert.deepEqual([user.id, user.name], ["42", "Alice"]);
  assert.match(head.get("content-type"), /^application\/grpc-web/);
  assert.equal(trailers.get("grpc-status"), "0");
});

await check("server streaming over HTTP/1.1", async () => {
  const found = [];
  for await (const user of users.listUsers({ limit: 2 })) found.push(user.id);
  assert.equal(found.length, 2);
});

await check("WatchUsers answers at once and tells of each user once", async () => {
  const stop = new AbortController();
  let listening;
  const head = new Promise((done) => { listening = done; });
  const told = users.watchUsers({}, { signal: stop.signal, onHeader: listening })[Symbol.asyncIterator]();
  const first = told.next();
  await within(head, "the head");
  const wanted = someone();
  const created = await createUser(wanted);
  const { value } = await within(first, "the user");
  assert.deepEqual([value.id, value.email], [String(created.id), wanted.email]);
  const next = told.next();
  stop.abort();
  await refused(next, Code.Canceled);
});

await check("NOT_FOUND and INVALID_ARGUMENT with their texts", async () => {
  const error = await refused(users.getUser({ userId: "999999" }), Code.NotFound);
  assert.match(error.rawMessage, /999999/);
  await refused((async () => { for await (const _ of users.listUsers({ limit: -1 })) assert.fail(); })(), Code.InvalidArgument);
});

await check("an unknown method: UNIMPLEMENTED", async () => {
  const other = { ...registry.getService("octavo.users.v1.UserService").method.getUser, name: "Nothing" };
  const transport = createGrpcWebTransport({ baseUrl: base });
  await refused(transport.unary(other, undefined, 5000, undefined, {}), Code.Unimplemented);
});

await check("a deadline ends an open stream", async () => {
  const run = async () => { for await (const _ of users.watchUsers({}, { timeoutMs: 300 })) { /* others may be made */ } };
  await refused(within(run(), "the end"), Code.DeadlineExceeded);
});

finish();
