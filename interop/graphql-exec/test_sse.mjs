// GraphQL over Server-Sent Events by npm `graphql-sse`, distinct connections mode.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";
import { base, check, createUser, finish, sleep, token, within } from "../lib/check.mjs";

const url = `${base}/graphql`;
const connect = (options = {}) => createClient({ url, singleConnection: false, retryAttempts: 0, headers: { authorization: `Bearer ${token}` }, ...options });

await check("a subscription gets each created user once", async () => {
  let connected;
  const open = new Promise((done) => { connected = done; });
  const client = connect({ on: { connected } });
  const results = client.iterate({ query: "subscription { userCreated { id name } }" });
  const first = results.next();
  // The head is sent once the source listens.
  await within(open, "open");
  const user = await createUser();
  assert.deepEqual((await within(first, "an event")).value, { data: { userCreated: { id: String(user.id), name: user.name } } });
  let more = 0;
  const second = results.next().then(() => { more += 1; });
  await sleep(300);
  assert.equal(more, 0);
  await createUser();
  await within(second, "an event");
  await results.return();
  client.dispose();
});

await check("a query is one next and a complete", async () => {
  const client = connect();
  const seen = [];
  for await (const result of client.iterate({ query: "{ user(id: 42) { name } }" })) seen.push(result);
  assert.deepEqual(seen, [{ data: { user: { name: "Alice" } } }]);
  client.dispose();
});

await check("a document that is refused comes as a next with errors", async () => {
  const client = connect();
  const seen = [];
  for await (const result of client.iterate({ query: "subscription { nope }" })) seen.push(result);
  assert.equal(seen.length, 1);
  assert.equal(seen[0].errors[0].locations[0].column, 16);
  client.dispose();
});

await check("sixteen subscriptions side by side", async () => {
  const clients = Array.from({ length: 16 }, () => {
    let connected;
    const open = new Promise((done) => { connected = done; });
    const client = connect({ on: { connected } });
    const results = client.iterate({ query: "subscription { userCreated { email } }" });
    return { client, open, first: results.next(), results };
  });
  await within(Promise.all(clients.map((c) => c.open)), "open");
  const user = await createUser();
  for (const { first } of clients) assert.equal((await within(first, "an event")).value.data.userCreated.email, user.email);
  for (const { results, client } of clients) { await results.return(); client.dispose(); }
});

finish();
