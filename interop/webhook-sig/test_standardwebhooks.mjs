// Standard Webhooks by npm `standardwebhooks`: it verifies what we sent, we verify what it signed.
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { base, check, createUser, finish, json, sleep, someone, within } from "../lib/check.mjs";
import { of, receiver, register, unregister } from "./receiver.mjs";

await check("standardwebhooks verifies our deliveries", async () => {
  const hook = await receiver();
  const endpoint = await register(hook.url, "standard");
  assert.match(endpoint.secret, /^whsec_/);
  const shown = await (await fetch(`${base}/webhooks/endpoints/${endpoint.id}`, { headers: json })).text();
  assert.ok(!shown.includes(endpoint.secret), "the secret is shown once");
  const user = await createUser();
  const { headers, body } = await hook.until(of(user));
  const event = new Webhook(endpoint.secret).verify(body.toString(), headers);
  assert.equal(event.type, "user.created");
  assert.equal(event.data.email, user.email);
  assert.throws(() => new Webhook(endpoint.secret).verify(`${body} `, headers));
  // By the time that a later event has come, a second delivery of this one would have.
  await hook.until(of(await createUser()));
  assert.equal(hook.deliveries.filter(of(user)).length, 1);
  await unregister(endpoint);
  hook.close();
});

await check("an event replayed comes again with the same webhook-id", async () => {
  const hook = await receiver();
  const endpoint = await register(hook.url, "standard");
  const user = await createUser();
  const first = await hook.until(of(user));
  const answer = await fetch(`${base}/webhooks/replay`, { method: "POST", headers: json, body: JSON.stringify({ event_id: JSON.parse(first.body).id }) });
  assert.ok(answer.ok, `replay answered ${answer.status}: ${await answer.text()}`);
  const second = await hook.until((d) => of(user)(d) && d !== first);
  assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
  new Webhook(endpoint.secret).verify(second.body.toString(), second.headers);
  await unregister(endpoint);
  hook.close();
});

await check("410 disables the endpoint", async () => {
  const hook = await receiver(() => 410);
  const endpoint = await register(hook.url, "standard");
  await hook.until(of(await createUser()));
  const state = async () => (await (await fetch(`${base}/webhooks/endpoints/${endpoint.id}`, { headers: json })).json()).state;
  await within((async () => { while ((await state()) !== "disabled") await sleep(20); })(), "the endpoint to be disabled");
  // Another endpoint has what comes now; this one is passed over.
  const other = await receiver();
  const beside = await register(other.url, "standard");
  await other.until(of(await createUser()));
  assert.equal(hook.deliveries.length, 1);
  await unregister(beside);
  other.close();
  await unregister(endpoint);
  hook.close();
});

const inbound = (headers, body) => fetch(`${base}/webhooks/inbound/standard`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
function signed(secret, user, at = new Date()) {
  const id = `msg_${user.email.replace(/[^a-zA-Z0-9]/g, "")}`;
  const body = JSON.stringify({ type: "user.create", data: user });
  return [{ "webhook-id": id, "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": new Webhook(secret).sign(id, at, body) }, body];
}

const total = async () => (await (await fetch(`${base}/users?limit=1`)).json()).total;

await check("we verify what standardwebhooks signed, once", async () => {
  const user = someone();
  const before = await total();
  const [headers, body] = signed(process.env.OCTAVO_INBOUND_SECRET, user);
  assert.equal((await inbound(headers, body)).status, 202);
  const again = await inbound(headers, body);
  assert.ok(again.ok, `a duplicate is acknowledged, not ${again.status}`);
  assert.equal(await total(), before + 1);
});

await check("a forgery, an old one and a bare one are refused and change nothing", async () => {
  const before = await total();
  const problem = async (answer, status) => { assert.equal(answer.status, status); assert.match(answer.headers.get("content-type"), /problem\+json/); await answer.text(); };
  const other = `whsec_${Buffer.from("another secret of the right size").toString("base64")}`;
  const [forged, body] = signed(other, someone());
  await problem(await inbound(forged, body), 401);
  const [old, text] = signed(process.env.OCTAVO_INBOUND_SECRET, someone(), new Date(Date.now() - 301_000));
  await problem(await inbound(old, text), 401);
  await problem(await inbound({}, text), 400);
  assert.equal(await total(), before);
});

finish();
