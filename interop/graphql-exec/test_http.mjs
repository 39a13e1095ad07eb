// GraphQL over HTTP: the audit of npm `graphql-http` (61 cases), and its client.
import assert from "node:assert/strict";
import { createClient, serverAudits } from "graphql-http";
import { base, check, finish, someone, token } from "../lib/check.mjs";

const url = `${base}/graphql`;

const audits = serverAudits({ url, fetchFn: fetch });
let ok = 0;
await check("every case of the graphql-http audit", async () => {
  const bad = [];
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status === "ok") ok += 1;
    else bad.push(`${audit.id} ${audit.name}: ${result.reason}`);
  }
  console.log(`the audit of graphql-http 1.23.1: ${ok} of ${audits.length} ok`);
  assert.deepEqual(bad, []);
  assert.equal(audits.length, 61);
});

// One operation by the client of `graphql-http`.
const run = (request, options = {}) => new Promise((done, fail) => {
  let result;
  createClient({ url, ...options }).subscribe(request, { next: (data) => { result = data; }, error: fail, complete: () => done(result) });
});
const authorised = { headers: { authorization: `Bearer ${token}` } };

await check("the client runs a query with variables, aliases, fragments and directives", async () => {
  const query = `query ($id: ID!, $mail: Boolean!) {
    user(id: $id) { ...Face email @include(if: $mail) }
    other: user(id: 1) { ...Face email @skip(if: true) posts(limit: 1) { title author { id } } }
    nobody: user(id: 999999) { id }
  }
  fragment Face on User { __typename id name }`;
  const { data, errors } = await run({ query, variables: { id: 42, mail: true } });
  assert.equal(errors, undefined);
  assert.deepEqual(data.user, { __typename: "User", id: "42", name: "Alice", email: "alice@example.com" });
  assert.deepEqual(data.other, { __typename: "User", id: "1", name: "Ada", posts: [{ title: "Notes", author: { id: "1" } }] });
  assert.equal(data.nobody, null);
});

await check("an interface, a union and an enum", async () => {
  const { data } = await run({ query: `query ($kinds: [Kind!]) {
    node(kind: POST, id: 1) { __typename id ... on Post { title } ... on User { name } }
    search(text: "a", kinds: $kinds) { __typename ... on User { name } ... on Post { title } }
    both: search(text: "notes") { ... on Node { id } }
  }`, variables: { kinds: ["USER"] } });
  assert.deepEqual(data.node, { __typename: "Post", id: "1", title: "Hello" });
  assert.ok(data.search.length >= 3 && data.search.every((found) => found.__typename === "User" && found.name));
  assert.ok(data.both.some((found) => found.id === "3"));
});

await check("createUser with the token; without it UNAUTHENTICATED, a broken rule BAD_USER_INPUT, a taken address CONFLICT", async () => {
  const query = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id email } }";
  const input = someone();
  const refused = await run({ query, variables: { input } });
  assert.equal(refused.errors[0].extensions.code, "UNAUTHENTICATED");
  assert.deepEqual(refused.errors[0].path, ["createUser"]);
  const made = await run({ query, variables: { input } }, authorised);
  assert.equal(made.data.createUser.email, input.email);
  assert.equal((await fetch(`${base}/users/${made.data.createUser.id}`)).status, 200);
  assert.equal((await run({ query, variables: { input } }, authorised)).errors[0].extensions.code, "CONFLICT");
  assert.equal((await run({ query, variables: { input: { name: "", email: "x" } } }, authorised)).errors[0].extensions.code, "BAD_USER_INPUT");
});

await check("a document that is refused is refused with places and a status", async () => {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: "{\n  user(id: 1) { nam }\n  users { id }\n  usrs { id }\n}" }) });
  assert.equal(answer.status, 400);
  const { errors, data } = await answer.json();
  assert.equal(data, undefined);
  assert.deepEqual(errors.map((e) => e.locations), [[{ line: 2, column: 17 }], [{ line: 4, column: 3 }]]);
  assert.match(errors[0].message, /name/);
});

await check("a mutation by GET is 405, a form is 415, a batch is 400, an answer in HTML is 406", async () => {
  const post = (headers, body) => fetch(url, { method: "POST", headers, body });
  const json = { "content-type": "application/json" };
  for (const [answer, status] of [
    [await fetch(`${url}?query=${encodeURIComponent("mutation { __typename }")}`), 405],
    [await fetch(url, { method: "DELETE" }), 405],
    [await post({ "content-type": "application/x-www-form-urlencoded" }, "query={__typename}"), 415],
    [await post({ "content-type": "text/plain" }, '{"query":"{__typename}"}'), 415],
    [await post(json, '[{"query":"{__typename}"}]'), 400],
    [await post({ ...json, accept: "text/html" }, '{"query":"{__typename}"}'), 406],
    [await post(json, JSON.stringify({ query: "{__typename}", padding: "x".repeat(1 << 20) })), 413],
  ]) {
    const body = await answer.json();
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.ok(body.errors[0].message && body.errors[0].extensions.code);
  }
});

finish();
