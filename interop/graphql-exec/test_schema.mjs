// The schema as graphql-js and GraphiQL see it, and its validation as the oracle of ours.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, parse, printSchema, specifiedRules, validate, validateSchema } from "graphql";
import { base, check, finish } from "../lib/check.mjs";

async function run(query, variables) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  const answer = await fetch(`${base}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return { status: answer.status, ...(await answer.json()) };
}
// As GraphiQL asks.
const graphiql = getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true, directiveIsRepeatable: true, oneOf: true });
const ours = await run(graphiql);
const schema = ours.data && buildClientSchema(ours.data);

await check("GraphiQL's introspection builds a client schema that is valid", async () => {
  assert.deepEqual(ours.errors, undefined);
  assert.deepEqual(validateSchema(schema), []);
  for (const options of [{}, { descriptions: false }]) {
    assert.ok(buildClientSchema((await run(getIntrospectionQuery(options))).data));
  }
});

await check("the client schema prints as the file that it was made from", async () => {
  const file = buildSchema(readFileSync(new URL("../../examples/src/doors/graphql/schema.graphql", import.meta.url), "utf8"));
  const print = (schema) => printSchema(lexicographicSortSchema(schema));
  assert.equal(print(schema), print(file));
});

// Documents that break each rule of section 5, and some that break none. Ours has to accept and refuse as graphql-js does, with an error
// in each line that graphql-js names.
const documents = [
  "{ user(id: 1) { id } }", "query A { __typename } query B { __typename }", "query A { __typename } query A { __typename }",
  "{ __typename } query B { __typename }", "{ __typename } { __typename }", "subscription { userCreated { id } messageReceived(roomId: 1) { id } }",
  "subscription { userCreated { id } }", "subscription { __typename }", "subscription { ...S } fragment S on Subscription { userCreated { id } m: messageReceived(roomId: 1) { id } }",
  "subscription ($b: Boolean = true) { userCreated @include(if: $b) { id } }", "subscription { userCreated @skip(if: false) { id } }",
  "type T { a: Int } query { __typename }", "{ nope }", "{ user(id: 1) }", "{ user(id: 1) { id { x } } }", "{ user(id: 1) { id id } }",
  "{ user(id: 1) { a: id a: name } }", "{ user(id: 1) { id } user(id: 2) { id } }", "{ user(id: 1) { ... on User { x: id } ...F } } fragment F on User { x: name }",
  "{ node(kind: USER, id: 1) { ... on User { x: id } ... on Post { x: title } } }", "{ node(kind: USER, id: 1) { ... on User { x: id } ... on Post { x: body } } }",
  "{ node(kind: USER, id: 1) { ... on User { x: id } ... on Post { x: id } } }", "{ search(text: \"a\") { ... on User { n: name } ... on Post { n: body } } }",
  "{ search(text: \"a\") { ... on User { n: posts { id } } ... on Post { n: comments { id } } } }", "{ search(text: \"a\") { ... on User { n: posts { x: id } } ... on Post { n: comments { x: author } } } }",
  "{ search(text: \"a\") { id } }", "{ search(text: \"a\") { __typename } }", "{ user(id: 1, x: 2) { id } }", "{ user(id: 1, id: 1) { id } }", "{ user { id } }",
  "{ user(id: null) { id } }", "{ node(kind: ROOM, id: 1) { id } }", "{ node(kind: \"USER\", id: 1) { id } }", "{ users(limit: \"1\") { id } }", "{ users(limit: 1.5) { id } }",
  "{ users(limit: 99999999999) { id } }", "{ users(limit: null) { id } }", "{ user(id: 1.0) { id } }", "{ user(id: true) { id } }", "{ user(id: [1]) { id } }",
  "{ search(text: \"a\", kinds: USER) { __typename } }", "{ search(text: \"a\", kinds: [USER, null]) { __typename } }", "{ search(text: \"a\", kinds: []) { __typename } }",
  "fragment F on User { id } { __typename }", "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }", "{ ...F } fragment F on Nope { id }",
  "{ ...F } fragment F on Kind { id }", "{ ... on Kind { id } }", "{ ... on Nope { id } }", "{ ...Missing }", "{ ...F } fragment F on Query { ...F }",
  "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }", "{ user(id: 1) { ...F } } fragment F on Post { id }", "{ user(id: 1) { ... on Post { id } } }",
  "{ user(id: 1) { ... on Node { id } } }", "{ user(id: 1) { ... on SearchResult { __typename } } }", "{ user(id: 1) { ... { id } } }",
  "mutation { createUser(input: { name: \"a\" }) { id } }", "mutation { createUser(input: { name: \"a\", email: \"b\", x: 1 }) { id } }",
  "mutation { createUser(input: { name: \"a\", name: \"b\", email: \"b\" }) { id } }", "mutation { createUser(input: { name: null, email: \"b\" }) { id } }", "mutation { createUser(input: 1) { id } }",
  "{ __typename @nope }", "{ __typename @deprecated }", "{ __typename @skip }", "{ __typename @skip(if: 1) }", "{ __typename @skip(if: true) @skip(if: true) }", "{ __typename @skip(if: true, x: 1) }",
  "query @include(if: true) { __typename }", "fragment F on Query @skip(if: true) { __typename } { ...F }", "query ($a: Int @skip(if: true)) { users(limit: $a) { id } }",
  "query ($a: Int, $a: Int) { users(limit: $a) { id } }", "query ($a: User) { __typename }", "query ($a: Nope) { __typename }", "query ($a: [Kind!]) { search(text: \"a\", kinds: $a) { __typename } }",
  "query ($a: [Kind!]!) { search(text: \"a\", kinds: $a) { __typename } }", "query ($a: [Kind]) { search(text: \"a\", kinds: $a) { __typename } }", "query ($a: Kind!) { search(text: \"a\", kinds: [$a]) { __typename } }",
  "query ($a: Kind) { search(text: \"a\", kinds: [$a]) { __typename } }", "query ($a: Kind!) { search(text: \"a\", kinds: $a) { __typename } }", "{ users(limit: $a) { id } }",
  "query ($a: Int) { __typename }", "query ($a: Int) { ...F } fragment F on Query { users(limit: $a) { id } }", "query A ($a: Int) { ...F } query B { ...F } fragment F on Query { users(limit: $a) { id } }",
  "query ($a: ID) { user(id: $a) { id } }", "query ($a: ID = 1) { user(id: $a) { id } }", "query ($a: ID = null) { user(id: $a) { id } }", "query ($a: String!) { user(id: $a) { id } }",
  "query ($a: Int = \"x\") { users(limit: $a) { id } }", "query ($a: Int! = null) { users(limit: $a) { id } }", "query ($n: String) { user(id: 1) { id @include(if: $n) } }",
  "mutation ($n: String) { createUser(input: { name: $n, email: \"a\" }) { id } }", "mutation ($i: CreateUserInput!) { createUser(input: $i) { id } }", "mutation { users { id } }", "{ __schema { types { name } } __type(name: \"User\") { name } }",
  "{ __type { name } }", "{ user(id: 1) { __schema { types { name } } } }", "{ __typename { x } }", "{ user(id: 1) { ...F @include(if: true) ...F } } fragment F on User { posts { id } posts(limit: 2) { id } }",
];
// A conflict of fields is told by graphql-js at the outermost fields and the inner ones, by ours at the inner ones: they have a line in common.
const share = (some, all) => some.every((error) => error.locations.some(({ line }) => all.some((other) => other.locations.some((place) => place.line === line))));
await check(`${documents.length} documents are accepted, or refused in the same lines, as by graphql-js`, async () => {
  const differ = [];
  for (const text of documents) {
    const document = text.replaceAll(" { ", " {\n");
    const theirs = validate(schema, parse(document), specifiedRules);
    // What is valid may still be refused for its variables, or fail while it runs. Type definitions are refused by our parser.
    const mine = ((await run(document, {})).errors ?? []).filter((error) => error.extensions.rule || error.extensions.code === "GRAPHQL_PARSE_FAILED");
    if (theirs.length === 0 !== (mine.length === 0) || !share(theirs, mine) || !share(mine, theirs)) {
      differ.push(text);
      console.log(`${text}\n  graphql-js: ${theirs.map((e) => `${e.message} ${JSON.stringify(e.locations)}`)}\n  ours: ${JSON.stringify(mine)}`);
    }
  }
  assert.deepEqual(differ, []);
});

await check("what graphql-js cannot parse is refused with its place", async () => {
  for (const text of ["", "{", "{ a(", "query { a } }", "{ a: }", "{ \"x\" }", "query ($a) { a }", "{ user(id: 01) { id } }", "{ user(id: \"\\u{110000}\") { id } }", "{ user(id: \"\\uD800\") { id } }", "{}", "{ a {} }", "fragment on on User { id }"]) {
    let place;
    try { parse(text, { allowEmptySelectionSets: false }); assert.fail(`graphql-js parses ${text}`); } catch (error) { place = error.locations?.[0]; assert.ok(place, `${text}: ${error}`); }
    const { status, errors } = await run(text);
    assert.equal(status, 400, text);
    assert.equal(errors.length, 1, text);
    assert.equal(errors[0].locations[0].line, place.line, text);
  }
});

finish();
