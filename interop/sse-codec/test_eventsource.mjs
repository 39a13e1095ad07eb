// SSE by npm `eventsource`: receive, cut, resume, filter.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { base, check, createUser, finish, json, sleep, within } from "../lib/check.mjs";

// A client that collects; `headers` go with the first request.
function listen(path, { headers = {}, types = ["user.created", "message.created", "post.created", "reset"] } = {}) {
  const events = [], waiting = [];
  const source = new EventSource(`${base}${path}`, { fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }) });
  for (const type of types) {
    source.addEventListener(type, (event) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    });
  }
  const open = within(new Promise((done, fail) => { source.onopen = done; source.onerror = (e) => fail(new Error(`${e.code} ${e.message}`)); }), "open");
  const until = (match) => within((async () => {
    for (;;) {
      const found = events.find(match);
      if (found) return found;
      await new Promise((done) => waiting.push(done));
    }
  })(), `an event for ${match}`);
  return { source, events, open, until };
}
const of = (user) => (event) => event.type === "user.created" && JSON.parse(event.data).data.id === user.id;

await check("a created user arrives once, with its id", async () => {
  const { source, events, open, until } = listen("/events");
  await open;
  const user = await createUser();
  const event = await until(of(user));
  assert.equal(event.lastEventId, String(JSON.parse(event.data).id));
  assert.equal(JSON.parse(event.data).type, "user.created");
  await sleep(300);
  assert.equal(events.filter(of(user)).length, 1);
  source.close();
});

await check("Last-Event-ID brings what was missed, in order, nothing twice", async () => {
  const first = listen("/events");
  await first.open;
  const last = await (async () => { const user = await createUser(); return first.until(of(user)); })();
  first.source.close();
  const missed = [];
  for (let n = 0; n < 3; n += 1) missed.push((await createUser()).id);
  const second = listen("/events?topic=users", { headers: { "Last-Event-ID": last.lastEventId } });
  await second.open;
  const live = await createUser();
  await second.until(of(live));
  assert.deepEqual(second.events.map((e) => JSON.parse(e.data).data.id), [...missed, live.id]);
  second.source.close();
});

await check("a topic filters", async () => {
  const { source, events, open, until } = listen("/events?topic=users");
  await open;
  const answer = await fetch(`${base}/users/42/posts`, { method: "POST", headers: json, body: JSON.stringify({ title: "Not for users", body: "text" }) });
  assert.equal(answer.status, 201);
  await until(of(await createUser()));
  assert.ok(events.every((event) => event.type.startsWith("user.")));
  source.close();
});

await check("the response says what it is, and is not cached", async () => {
  const abort = new AbortController();
  const answer = await fetch(`${base}/events`, { headers: { accept: "text/event-stream" }, signal: abort.signal });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^text\/event-stream/);
  assert.match(answer.headers.get("cache-control"), /no-store/);
  assert.equal(answer.headers.get("x-accel-buffering"), "no");
  abort.abort();
});

await check("wrong method 405, wrong Accept 406, unknown topic 4xx: each a problem", async () => {
  for (const [init, path, status] of [
    [{ method: "DELETE" }, "/events", 405],
    [{ headers: { accept: "image/png" } }, "/events", 406],
    [{ headers: { accept: "text/event-stream" } }, "/events?topic=nothing", 400],
  ]) {
    const answer = await fetch(`${base}${path}`, init);
    assert.equal(answer.status, status, `${path} answered ${answer.status}`);
    assert.match(answer.headers.get("content-type"), /problem\+json/);
    await answer.text();
  }
});

await check("sixty-four clients side by side", async () => {
  const clients = Array.from({ length: 64 }, () => listen("/events?topic=users"));
  await Promise.all(clients.map((c) => c.open));
  const user = await createUser();
  await Promise.all(clients.map((c) => c.until(of(user))));
  for (const client of clients) client.source.close();
});

finish();
