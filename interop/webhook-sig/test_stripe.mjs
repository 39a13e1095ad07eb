// Stripe's scheme by npm `stripe`: it verifies what we sent, we verify what it signed.
import assert from "node:assert/strict";
import Stripe from "stripe";
import { base, check, createUser, finish, someone } from "../lib/check.mjs";
import { of, receiver, register, unregister } from "./receiver.mjs";

const stripe = new Stripe("sk_test_none");

await check("stripe verifies our deliveries", async () => {
  const hook = await receiver();
  const endpoint = await register(hook.url, "stripe");
  const user = await createUser();
  const { headers, body } = await hook.until(of(user));
  const event = stripe.webhooks.constructEvent(body, headers["stripe-signature"], endpoint.secret);
  assert.equal(event.data.email, user.email);
  assert.throws(() => stripe.webhooks.constructEvent(`${body} `, headers["stripe-signature"], endpoint.secret));
  await unregister(endpoint);
  hook.close();
});

const inbound = (signature, body) => fetch(`${base}/webhooks/inbound/stripe`, { method: "POST", headers: { "content-type": "application/json", "stripe-signature": signature }, body });

await check("we verify what stripe signed", async () => {
  const user = someone();
  const payload = JSON.stringify({ type: "user.create", data: user });
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret: process.env.OCTAVO_INBOUND_SECRET });
  assert.equal((await inbound(header, payload)).status, 202);
});

await check("a changed body, a stale time and v0 alone are refused", async () => {
  const payload = JSON.stringify({ type: "user.create", data: someone() });
  const secret = process.env.OCTAVO_INBOUND_SECRET;
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret });
  assert.equal((await inbound(header, `${payload} `)).status, 401);
  const stale = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(Date.now() / 1000) - 400 });
  assert.equal((await inbound(stale, payload)).status, 401);
  const downgraded = header.replace("v1=", "v0=");
  assert.ok([400, 401].includes((await inbound(downgraded, payload)).status));
});

finish();
