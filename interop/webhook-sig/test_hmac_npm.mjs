// Schemes with a shared secret by npm libraries, both ways: they verify what we sign, we verify what they sign. Where a library does
// not sign, one way. Each has a table of what it skips.
import { AwsLambdaReceiver } from "@zoom/rivet/users";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { sign as githubSign, verify as githubVerify } from "@octokit/webhooks-methods";
import "@shopify/shopify-api/adapters/node";
import { LogSeverity, shopifyApi } from "@shopify/shopify-api";
import bolt from "@slack/bolt";
import { WebhooksHelper } from "square";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import { getExpectedBodyHash, getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from "twilio/lib/webhooks/webhooks.js";
import { finish } from "../lib/check.mjs";
import { below, EMPTY, noBody, Ours, pick, random, run, text, WORD } from "./lib/cases.mjs";

console.debug = () => {}; // @zoom/rivet tells of each event

const ours = new Ours();

// The libraries of Standard Webhooks take text.
const standard = (Webhook, prefix, make) => ({
  shape: { key: "bytes" },
  verify: (one, headers) => { make(Webhook, one).verify(one.body.toString(), headers, { jsonParse: false }); return true; },
  sign: (one) => ({ [`${prefix}-id`]: one.id, [`${prefix}-timestamp`]: String(one.secs), [`${prefix}-signature`]: make(Webhook, one).sign(one.id, new Date(one.secs * 1000), one.body.toString()) }),
});
await run(ours, "standardwebhooks", "Standard Webhooks v1", { scheme: "standard", ...standard(StandardWebhook, "webhook", (Webhook, one) => new Webhook(one.key, { format: "raw" })) });
await run(ours, "svix", "Svix headers", { scheme: "svix", ...standard(SvixWebhook, "svix", (Webhook, one) => new Webhook(`whsec_${one.key.toString("base64")}`)) });

const stripe = new Stripe("sk_test_none");
await run(ours, "stripe", "Stripe v1", {
  scheme: "stripe",
  shape: { key: "text" },
  // As text: of a Buffer that begins with a byte order mark it would verify what follows the mark.
  verify: (one, headers) => stripe.webhooks.signature.verifyHeader(one.body.toString(), headers["stripe-signature"], one.secret, 300),
  sign: (one) => ({ "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: one.body.toString(), secret: one.secret, timestamp: one.secs }) }),
  skip: noBody,
  expected: EMPTY,
});

await run(ours, "@octokit/webhooks-methods", "GitHub sha256", {
  scheme: "github",
  shape: { key: "text" },
  verify: (one, headers) => githubVerify(one.secret, one.body.toString(), headers["x-hub-signature-256"]),
  sign: async (one) => ({ "x-hub-signature-256": await githubSign(one.secret, one.body.toString()) }),
  skip: noBody,
  expected: EMPTY,
});

await run(ours, "@slack/bolt", "Slack", {
  scheme: "slack",
  shape: { key: "text" },
  verify: (one, headers) => bolt.isValidSlackRequest({ signingSecret: one.secret, body: one.body.toString(), headers, nowMilliseconds: one.now }),
});

// Forms: names are words, values any text; a name that is repeated has plain values, as JavaScript sorts by halves of a character.
const form = (one, length) => {
  const pairs = Array.from({ length: length === 0 ? 0 : 1 + below(12) }, () => [Array.from({ length: 1 + below(12) }, () => pick(WORD)).join(""), text(below(20))]);
  if (length > 0 && random() < 0.3) pairs.push(["Repeated", "b"], ["Repeated", "a"], ["Repeated", "b"]);
  return new URLSearchParams([...new Map(pairs.filter(([name]) => name !== "Repeated")), ...pairs.filter(([name]) => name === "Repeated")]).toString();
};
// What is registered, and what a proxy may make of its port.
const urls = (one) => {
  const [path, query] = [pick(["", "/", "/sms", "/a/b.php"]), pick(["", "?foo=1&bar=2", "?x=%2F"])];
  const [host, scheme] = [pick(["example.com", "user:pass@example.com"]), pick(["http", "https"])];
  const standardPort = scheme === "https" ? 443 : 80;
  const [bare, port] = [`${scheme}://${host}${path}${query}`, `${scheme}://${host}:${pick([standardPort, standardPort, 8443])}${path}${query}`];
  const withStandard = `${scheme}://${host}:${standardPort}${path}${query}`;
  return pick([{ url: bare, seen: bare }, { url: bare, seen: port }, { url: withStandard, seen: bare }, { url: port, seen: port }]);
};
const parameters = (body) => {
  const all = {};
  for (const [name, value] of new URLSearchParams(body.toString())) all[name] = name in all && Object.hasOwn(all, name) ? [all[name], value].flat() : value;
  return all;
};
await run(ours, "twilio", "Twilio forms", {
  scheme: "twilio",
  shape: { key: "text", body: form, more: urls },
  verify: (one, headers) => validateRequest(one.secret, headers["x-twilio-signature"], one.seen, parameters(one.body)),
  sign: (one) => ({ "x-twilio-signature": getExpectedTwilioSignature(one.secret, one.url, parameters(one.body)) }),
});
const withHash = (one, body) => {
  const { url, seen } = urls(one);
  const add = (url) => `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${getExpectedBodyHash(body)}`;
  return { url: add(url), seen: add(seen) };
};
await run(ours, "twilio", "Twilio bodySHA256", {
  scheme: "twilio",
  shape: { key: "text", more: withHash },
  verify: (one, headers) => validateRequestWithBody(one.secret, headers["x-twilio-signature"], one.seen, one.body.toString()),
  sign: (one) => ({ "x-twilio-signature": getExpectedTwilioSignature(one.secret, one.url, {}) }),
});

await run(ours, "@shopify/shopify-api", "Shopify", {
  scheme: "shopify",
  shape: { key: "text" },
  verify: async (one, headers) => {
    const shopify = shopifyApi({ apiKey: "key", apiSecretKey: one.secret, apiVersion: "2026-07", hostName: "app.example.com", isEmbeddedApp: true, logger: { level: LogSeverity.Error } });
    const more = { "x-shopify-topic": "orders/create", "x-shopify-shop-domain": "a.myshopify.com", "x-shopify-api-version": "2026-07", "x-shopify-webhook-id": one.id };
    return (await shopify.webhooks.validate({ rawBody: one.body.toString(), rawRequest: { method: "POST", url: "/", headers: { ...headers, ...more } }, rawResponse: {} })).valid;
  },
  skip: noBody,
  expected: EMPTY,
});

await run(ours, "square", "Square", {
  scheme: "square",
  shape: { key: "text", more: () => ({ url: pick(["https://example.com/webhook", "https://example.com:8443/a?b=c"]) }) },
  verify: (one, headers) => WebhooksHelper.verifySignature({ requestBody: one.body.toString(), signatureHeader: headers["x-square-hmacsha256-signature"], signatureKey: one.secret, notificationUrl: one.url }),
});

// It parses the body and verifies what it writes of it, so it can only take bodies as JSON.stringify writes them.
await run(ours, "@zoom/rivet", "Zoom", {
  scheme: "zoom",
  shape: { key: "text", body: (one, length) => JSON.stringify({ event: "meeting.started", payload: { object: text(length) }, event_ts: one.at }) },
  verify: async (one, headers) => (await new AwsLambdaReceiver({ webhooksSecretToken: one.secret }).start()({ body: one.body.toString(), headers, isBase64Encoded: false }, {})).statusCode === 200,
});

await run(ours, "@linear/sdk", "Linear", {
  scheme: "linear",
  shape: { key: "text", drift: 15_000, body: (one, length) => JSON.stringify({ action: "create", data: { webhookTimestamp: 1, text: text(length) }, webhookTimestamp: one.at, webhookId: one.id }) },
  verify: (one, headers) => new LinearWebhookClient(one.secret).verify(one.body, headers["linear-signature"]),
});

ours.close();
finish();
