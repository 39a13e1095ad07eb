// REST by undici: its own request API, its HTTP cache, and cleartext HTTP/2.
import assert from "node:assert/strict";
import { Agent, H2CClient, cacheStores, interceptors, request } from "undici";
import { base, check, createUser, finish, json, someone } from "../lib/check.mjs";

const body = (value) => JSON.stringify(value);
const problem = async (answer, status) => {
  assert.equal(answer.statusCode, status);
  assert.match(answer.headers["content-type"], /^application\/problem\+json/);
  const value = await answer.body.json();
  assert.equal(value.status, status);
  assert.ok(value.title, "a problem has a title");
  return value;
};

await check("POST creates: 201, Location, ETag", async () => {
  const user = await createUser();
  assert.match(user.location, /\/users\/\d+$/);
  assert.match(user.etag, /^"[^"]+"$/);
  assert.ok(user._links.self.href.endsWith(`/users/${user.id}`));
});

await check("GET, then If-None-Match: 304 without a body", async () => {
  const first = await request(`${base}/users/42`);
  assert.equal(first.statusCode, 200);
  assert.match(first.headers["content-type"], /^application\/hal\+json/);
  const user = await first.body.json();
  assert.equal(user.id, 42);
  assert.equal(user._links.update.method, "PUT");
  const again = await request(`${base}/users/42`, { headers: { "if-none-match": `"other", W/${first.headers.etag}` } });
  assert.equal(again.statusCode, 304);
  assert.equal(again.headers.etag, first.headers.etag);
  assert.equal(await again.body.text(), "");
  const since = await request(`${base}/users/42`, { headers: { "if-modified-since": first.headers["last-modified"] } });
  assert.equal(since.statusCode, 304);
  await since.body.dump();
});

await check("HEAD is GET without its body", async () => {
  const get = await request(`${base}/users/42`);
  const length = (await get.body.text()).length;
  const head = await request(`${base}/users/42`, { method: "HEAD" });
  assert.equal(head.statusCode, 200);
  assert.equal(Number(head.headers["content-length"]), Buffer.byteLength(await (await request(`${base}/users/42`)).body.text()));
  assert.equal(head.headers.etag, get.headers.etag);
  assert.equal(await head.body.text(), "");
  assert.ok(length > 0);
});

await check("OPTIONS and 405 name the methods allowed", async () => {
  const options = await request(`${base}/users/42`, { method: "OPTIONS" });
  assert.equal(options.statusCode, 204);
  const allowed = options.headers.allow.split(", ").sort();
  assert.deepEqual(allowed, ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]);
  await options.body.dump();
  const wrong = await request(`${base}/users/42`, { method: "POST", headers: json, body: "{}" });
  assert.deepEqual(wrong.headers.allow.split(", ").sort(), allowed);
  await problem(wrong, 405);
});

await check("conditional writes: 428, 412, then 200 and a new ETag", async () => {
  const { location, etag, name } = await createUser();
  const url = new URL(location, base);
  await problem(await request(url, { method: "PATCH", headers: { ...json, "content-type": "application/merge-patch+json" }, body: body({ name: "New" }) }), 428);
  await problem(await request(url, { method: "PATCH", headers: { ...json, "content-type": "application/merge-patch+json", "if-match": '"stale"' }, body: body({ name: "New" }) }), 412);
  const done = await request(url, { method: "PATCH", headers: { ...json, "content-type": "application/merge-patch+json", "if-match": etag }, body: body({ name: "New" }) });
  assert.equal(done.statusCode, 200);
  assert.notEqual(done.headers.etag, etag);
  assert.equal((await done.body.json()).name, "New");
  assert.notEqual(name, "New");
  await problem(await request(url, { method: "DELETE", headers: { ...json, "if-match": etag } }), 412);
  const gone = await request(url, { method: "DELETE", headers: { ...json, "if-match": done.headers.etag } });
  assert.equal(gone.statusCode, 204);
  await gone.body.dump();
  await problem(await request(url), 404);
});

await check("PUT upserts: 201, then 200", async () => {
  const id = 500_000 + Math.floor(Math.random() * 400_000);
  const user = someone();
  const made = await request(`${base}/users/${id}`, { method: "PUT", headers: json, body: body(user) });
  assert.equal(made.statusCode, 201);
  await made.body.dump();
  const again = await request(`${base}/users/${id}`, { method: "PUT", headers: { ...json, "if-match": made.headers.etag }, body: body({ ...user, name: "Renamed" }) });
  assert.equal(again.statusCode, 200);
  assert.equal((await again.body.json()).name, "Renamed");
});

await check("wrong bodies: 400, 409, 413, 415, 422", async () => {
  const post = (headers, text) => request(`${base}/users`, { method: "POST", headers, body: text });
  await problem(await post(json, "{\"name\": "), 400);
  const { name, email } = await createUser();
  await problem(await post(json, body({ name, email })), 409);
  await problem(await post({ ...json, "content-type": "text/plain" }, body(someone())), 415);
  const invalid = await problem(await post(json, body({ name: "", email: "no" })), 422);
  assert.deepEqual(invalid.errors.map((e) => e.pointer).sort().map((p) => p.replace(/^#/, "")), ["/email", "/name"]);
  await problem(await post(json, body({ name: "x".repeat(1_100_000), email: "a@example.com" })), 413);
});

await check("writes need the token: 401 with a challenge", async () => {
  const answer = await request(`${base}/users`, { method: "POST", headers: { "content-type": "application/json" }, body: body(someone()) });
  assert.match(answer.headers["www-authenticate"], /^Bearer/);
  await problem(answer, 401);
});

await check("HAL links lead through the pages and to sub-resources", async () => {
  const seen = new Set();
  let next = "/users?limit=2";
  for (let page = 0; next && page < 4; page += 1) {
    const answer = await (await request(new URL(next, base))).body.json();
    for (const user of answer._embedded.users) { assert.ok(!seen.has(user.id)); seen.add(user.id); }
    next = answer._links.next?.href;
  }
  assert.ok(seen.size >= 4);
  const alice = await (await request(`${base}/users/42`)).body.json();
  for (const rel of ["posts", "orders"]) {
    const answer = await request(new URL(alice._links[rel].href, base));
    assert.equal(answer.statusCode, 200);
    await answer.body.dump();
  }
});

await check("undici's cache revalidates with our ETag", async () => {
  const agent = new Agent().compose(interceptors.cache({ store: new cacheStores.MemoryCacheStore(), type: "private" }));
  const first = await request(`${base}/users/42`, { dispatcher: agent });
  const text = await first.body.text();
  const second = await request(`${base}/users/42`, { dispatcher: agent });
  assert.equal(second.statusCode, 200);
  assert.equal(await second.body.text(), text);
  await agent.close();
});

await check("the same port speaks cleartext HTTP/2", async () => {
  const client = new H2CClient(base);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.request({ method: "GET", path: "/users/42" })));
  for (const answer of answers) {
    assert.equal(answer.statusCode, 200);
    assert.equal((await answer.body.json()).id, 42);
  }
  const made = await client.request({ method: "POST", path: "/users", headers: json, body: body(someone()) });
  assert.equal(made.statusCode, 201);
  await made.body.dump();
  await client.close();
});

finish();
