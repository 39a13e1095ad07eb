// graphql-transport-ws by npm `graphql-ws`.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { base, check, createUser, finish, sleep, someone, token, within } from "../lib/check.mjs";

const url = `${base.replace(/^http/, "ws")}/graphql`;
const connect = (options = {}) => createClient({ url, retryAttempts: 0, lazy: true, ...options });
const authorised = { connectionParams: { authorization: `Bearer ${token}` } };
const one = (client, request) => within(new Promise((done, fail) => {
  let result;
  client.subscribe(request, { next: (value) => { result = value; }, error: fail, complete: () => done(result) });
}), "a result");
// A subscription, once the server has answered a ping that was sent after it: it listens then.
async function listen(client, request) {
  const results = client.iterate(request);
  const first = results.next();
  await within(new Promise((done) => {
    const off = client.on("pong", (received) => { if (received) { off(); done(); } });
    sleep(50).then(() => ping());
  }), "pong");
  return { results, first };
}
let ping = () => {};

await check("queries and a mutation go over one socket", async () => {
  const client = connect(authorised);
  const [user, users] = await Promise.all([one(client, { query: "{ user(id: 42) { name } }" }), one(client, { query: "query ($n: Int) { users(limit: $n) { id } }", variables: { n: 2 } })]);
  assert.deepEqual(user, { data: { user: { name: "Alice" } } });
  assert.equal(users.data.users.length, 2);
  const input = someone();
  const made = await one(client, { query: "mutation ($input: CreateUserInput!) { createUser(input: $input) { email } }", variables: { input } });
  assert.equal(made.data.createUser.email, input.email);
  await client.dispose();
});

await check("a subscription gets each created user once, and completes from the client's side", async () => {
  const client = connect({ on: { opened: (socket) => { ping = () => socket.send(JSON.stringify({ type: "ping" })); } } });
  const { results, first } = await listen(client, { query: "subscription { userCreated { id name posts { id } } }" });
  const user = await createUser();
  assert.deepEqual((await within(first, "an event")).value, { data: { userCreated: { id: String(user.id), name: user.name, posts: [] } } });
  const second = results.next();
  const again = await createUser();
  assert.equal((await within(second, "an event")).value.data.userCreated.id, String(again.id));
  await results.return();
  // The socket goes on after the subscription.
  assert.deepEqual(await one(client, { query: "{ __typename }" }), { data: { __typename: "Query" } });
  await client.dispose();
});

await check("what was said in a room arrives, and in another room it does not", async () => {
  const client = connect({ on: { opened: (socket) => { ping = () => socket.send(JSON.stringify({ type: "ping" })); } } });
  const { results, first } = await listen(client, { query: 'subscription { messageReceived(roomId: "interop") { roomId from body } }' });
  for (const room of ["elsewhere", "interop"]) {
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws/${room}?token=${token}`);
    await within(new Promise((done) => { socket.onmessage = ({ data }) => { if (JSON.parse(data).type === "joined") done(); }; }), "joined");
    socket.send(JSON.stringify({ type: "message", from: "peer", body: `said in ${room}` }));
    await within(new Promise((done) => { socket.onmessage = ({ data }) => { if (JSON.parse(data).type === "message") done(); }; }), "message");
    socket.close();
  }
  assert.deepEqual((await within(first, "an event")).value, { data: { messageReceived: { roomId: "interop", from: "peer", body: "said in interop" } } });
  await results.return();
  await client.dispose();
});

await check("an operation that cannot be run is an error message, and the socket stays", async () => {
  const client = connect();
  const errors = await one(client, { query: "{ nope }" }).then(() => assert.fail("it ran"), (errors) => errors);
  assert.equal(errors[0].locations[0].column, 3);
  const subscription = await one(client, { query: "subscription { userCreated { nope } }" }).then(() => assert.fail("it ran"), (errors) => errors);
  assert.ok(Array.isArray(subscription) && subscription[0].message);
  const refused = await one(client, { query: 'mutation { createUser(input: { name: "a", email: "b" }) { id } }' });
  assert.equal(refused.errors[0].extensions.code, "UNAUTHENTICATED");
  await client.dispose();
});

await check("a wrong token is closed with 4403", async () => {
  const client = connect({ connectionParams: { authorization: "Bearer wrong" } });
  const closed = await one(client, { query: "{ __typename }" }).then(() => assert.fail("it ran"), (event) => event);
  assert.equal(closed.code, 4403);
});

// What `graphql-ws` never does, over a bare socket.
async function bare(messages, protocol = "graphql-transport-ws") {
  const socket = new WebSocket(url, protocol);
  const heard = [];
  socket.onmessage = ({ data }) => heard.push(JSON.parse(data).type);
  const closed = new Promise((done) => { socket.onclose = ({ code }) => done(code); });
  await within(new Promise((done, fail) => { socket.onopen = done; socket.onerror = fail; }), "open");
  for (const message of messages) socket.send(typeof message === "string" ? message : JSON.stringify(message));
  return { code: await within(closed, "close"), heard };
}
const init = { type: "connection_init" };
const subscribe = { id: "1", type: "subscribe", payload: { query: "subscription { userCreated { id } }" } };
for (const [name, code, messages] of [
  ["no JSON", 4400, ["{"]],
  ["an unknown type", 4400, [{ type: "start" }]],
  ["a subscribe before connection_init", 4401, [subscribe]],
  ["nothing for 3 s", 4408, []],
  ["an id twice", 4409, [init, subscribe, subscribe]],
  ["connection_init twice", 4429, [init, init]],
]) {
  if (code === 4408 && process.env.OCTAVO_SMOKE === "1") continue;
  await check(`${name} is closed with ${code}`, async () => assert.equal((await bare(messages)).code, code));
}

finish();
