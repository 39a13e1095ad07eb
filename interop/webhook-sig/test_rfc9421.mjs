// RFC 9421 by npm `http-message-signatures` (all six algorithms) and `http-message-sig` (ed25519, rsa-pss-sha512), in both directions over a
// written list of component lists.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { component, createSignature, verifySignature, webcrypto as theirCrypto } from "http-message-sig";
import peerOf from "http-message-signatures";
import { check, finish } from "../lib/check.mjs";
import { below, bytes, COUNT, Counts, Ours, pick, SMOKE, word } from "./lib/cases.mjs";

const { createSigner, createVerifier, httpbis } = peerOf;
const folder = mkdtempSync(join(tmpdir(), "octavo-rfc9421-"));
const us = new Ours();

// Keys: what Node has, and what our program takes (RSA signs through `openssl`, by the path of a file).
function pair(alg, type, options) {
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  const path = join(folder, alg);
  writeFileSync(path, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  const jwk = privateKey.export({ format: "jwk" });
  const secret = type === "rsa" ? path : Buffer.from(jwk.d, "base64url").toString("base64");
  return { alg, privateKey, publicKey, sign: secret, verify: publicKey.export({ format: "pem", type: "spki" }) };
}
const shared = bytes(64);
const keys = [
  { alg: "hmac-sha256", privateKey: shared, publicKey: shared, sign: shared.toString("base64"), verify: shared.toString("base64") },
  pair("ed25519", "ed25519"),
  pair("ecdsa-p256-sha256", "ec", { namedCurve: "P-256" }),
  pair("ecdsa-p384-sha384", "ec", { namedCurve: "P-384" }),
  pair("rsa-v1_5-sha256", "rsa", { modulusLength: 2048 }),
  pair("rsa-pss-sha512", "rsa", { modulusLength: 2048 }),
];
// A signature of RSA by us starts `openssl`, so there are fewer of them.
const isRsa = (key) => key.alg.startsWith("rsa");

// What is covered. Requests of the first peer take all of these; those with a mark are not for the second, which says so itself.
const requests = [
  [],
  ["@method"],
  ["@authority", "@path"],
  ["@target-uri"],
  ["@scheme", "@query"],
  ["content-digest"],
  ["@method", "@target-uri", "content-digest", "content-type", "date"],
  ["x-list"],
  ["x-empty", "x-spaces"],
  ['"example-dict";key="a"', '"example-dict";key="b"'],
  ["@request-target", "*"],
  ['"content-digest";bs', "*"],
  ['"example-dict";sf', "*"],
  ['"@query-param";name="a"', "*"],
  ['"@query-param";name="q%20x"', "@query", "*"],
].map((list) => ({ components: list.filter((name) => name !== "*"), first: list.includes("*") }));
const responses = [
  ["@status"],
  ["@status", "content-digest", "content-type"],
  ["@status", '"@method";req', '"@authority";req', '"content-digest";req'],
  ["x-list", '"@path";req', '"example-dict";key="b";req'],
];

const now = () => Math.floor(Date.now() / 1000);
const quoted = (name) => (name.startsWith('"') ? name : `"${name}"`);

function headers(body) {
  const digest = Buffer.from(body).length; // any text will do where the body is not bound
  return {
    Host: "example.com",
    Date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": `sha-256=:${bytes(below(4)).toString("base64")}:, length=${digest}`,
    "X-List": [word(8), `  ${word(5)} ${word(3)}\t`],
    "X-Empty": "",
    "X-Spaces": `   ${word(9)}   ${word(2)}  `,
    "Example-Dict": `a=${below(99)},    b=(x "${word(4)}");p=1,  c`,
  };
}
const lines = (headers) => Object.entries(headers).flatMap(([name, value]) => [value].flat().map((value) => [name, value]));
const target = () => `/p/${word(9)}?a=${word(5)}&q%20x=${pick(["%41+b", "c%20d", "", "%E4%B8%AD"])}`;

// The question for our program: a request, or a response with the request that it answers.
function question(key, message, request, rest) {
  const of = (message) => ({
    method: message.method ?? "", target: message.target ?? "", headers: lines(message.headers), ...(message.status ? { status: message.status } : {}),
  });
  return { ...of(message), ...(request ? { request: of(request) } : {}), scheme: "rfc9421", alg: key.alg, keyid: "k", label: "sig1", at: now() * 1000, now: now() * 1000, ...rest };
}

const newRequest = () => {
  const path = target();
  return { method: pick(["GET", "POST", "PUT"]), url: `https://example.com${path}`, target: path, headers: headers(word(5)) };
};
const newResponse = () => ({ status: pick([200, 204, 404, 503]), headers: headers(word(5)) });
const shape = (n) => {
  const response = n % 4 === 3;
  const request = newRequest();
  return response ? { message: newResponse(), request, components: responses[(n >> 2) % responses.length] } : { message: request, components: requests[n % requests.length].components };
};

const rounds = COUNT;
const rsaEvery = SMOKE ? 5 : 20;
await check(`http-message-signatures verifies what we sign and we what it signs, ${rounds} times each, six algorithms`, async () => {
  const counts = new Counts();
  for (let n = 0; n < rounds; n += 1) {
    const key = keys[n % keys.length];
    const { message, request, components } = shape(Math.floor(n / keys.length));
    const verifier = createVerifier(key.publicKey, key.alg);
    if (!isRsa(key) || n % rsaEvery < 2) {
      const ours = await us.ask(question(key, message, request, { op: "sign", key: key.sign, components: components.map(quoted), nonce: word(12), tell_algorithm: n % 2 === 0 }));
      assert.equal(ours.error, undefined, components.join());
      const signed = { ...message, headers: { ...message.headers, "Signature-Input": ours.input, Signature: ours.signature } };
      const seen = await httpbis.verifyMessage({ keyLookup: async () => ({ id: "k", algs: [key.alg], verify: verifier }) }, signed, request);
      assert.equal(seen, true, `${key.alg} ${components}`);
      counts.add(`ours ${key.alg}`);
    }
    const theirs = await httpbis.signMessage({
      key: createSigner(key.privateKey, key.alg, "k"), name: "sig1", fields: components.map((name) => name.replace(/^"([^"]*)"$/, "$1")), params: ["created", "keyid", "alg"], paramValues: { created: new Date() },
    }, message, request);
    const verify = (message) => us.ask(question(key, message, request, { op: "verify", key: key.verify }));
    const answer = await verify(theirs);
    // The peer signs with the longest salt that fits, and RFC 9421 §3.3.1 has one of 64 bytes.
    if (key.alg === "rsa-pss-sha512") {
      assert.equal(answer.ok, false);
      counts.add("skipped: salt of another length");
      continue;
    }
    assert.equal(answer.error, undefined, `${key.alg} ${components}`);
    counts.add(`theirs ${key.alg}`);
    if (n % 10 === 0) {
      const input = theirs.headers["Signature-Input"].replace(/created=\d+/, (text) => `${text.slice(0, -1)}${(Number(text.at(-1)) + 1) % 10}`);
      assert.equal((await verify({ ...theirs, headers: { ...theirs.headers, "Signature-Input": input } })).ok, false);
      counts.add("refused");
    }
  }
  const expected = {};
  keys.forEach((key, index) => {
    const turns = Array.from({ length: rounds }, (_, n) => n).filter((n) => n % keys.length === index);
    expected[`ours ${key.alg}`] = turns.filter((n) => !isRsa(key) || n % rsaEvery < 2).length;
    if (key.alg === "rsa-pss-sha512") expected["skipped: salt of another length"] = turns.length;
    else {
      expected[`theirs ${key.alg}`] = turns.length;
      expected.refused = (expected.refused ?? 0) + turns.filter((n) => n % 10 === 0).length;
    }
  });
  counts.check(Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0)));
});

// `http-message-sig` signs by WebCrypto.
const web = await Promise.all(keys.filter((key) => key.alg === "ed25519" || key.alg === "rsa-pss-sha512").map(async (key) => {
  const algorithm = key.alg === "ed25519" ? { name: "Ed25519" } : { name: "RSA-PSS", hash: "SHA-512" };
  const pkcs8 = key.privateKey.export({ format: "der", type: "pkcs8" });
  const spki = createPublicKey(key.privateKey).export({ format: "der", type: "spki" });
  return {
    ...key,
    signer: theirCrypto.signer(await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"])),
    verifier: theirCrypto.verifier(await webcrypto.subtle.importKey("spki", spki, algorithm, false, ["verify"])),
  };
}));
const toTheirs = (message, request) => (message.status
  ? { kind: "response", status: message.status, fields: lines(message.headers).map(([name, value]) => ({ name, value })), request: toTheirs(request) }
  : { kind: "request", method: message.method, targetUri: message.url, requestTarget: message.target, fields: lines(message.headers).map(([name, value]) => ({ name, value })) });
const theirComponent = (name) => {
  const [, field, rest] = /^"?([^";]+)"?(.*)$/.exec(name);
  const parameters = {};
  for (const [, parameter, value] of rest.matchAll(/;([a-z]+)(?:="([^"]*)")?/g)) parameters[parameter] = value ?? true;
  return component(field, parameters);
};

await check(`http-message-sig verifies what we sign and we what it signs, ${rounds} times each, two algorithms`, async () => {
  const counts = new Counts();
  const usable = requests.filter((list) => !list.first);
  for (let n = 0; n < rounds; n += 1) {
    const key = n % rsaEvery === 0 ? web.find(isRsa) : web.find((key) => !isRsa(key));
    const request = newRequest();
    const response = n % 4 === 3;
    const message = response ? newResponse() : request;
    const components = response ? responses[(n >> 2) % responses.length] : usable[n % usable.length].components;
    const ours = await us.ask(question(key, message, response ? request : undefined, { op: "sign", key: key.sign, components: components.map(quoted), tag: "interop" }));
    assert.equal(ours.error, undefined, components.join());
    const signed = { ...message, headers: { ...message.headers, "Signature-Input": ours.input, Signature: ours.signature } };
    await verifySignature(toTheirs(signed, request), {
      label: "sig1", resolveVerifier: async () => key.verifier, policy: { algorithms: [key.alg], requiredComponents: [], requiredParameters: [], maxAge: 300, clockSkew: 60 },
    });
    counts.add(`ours ${key.alg}`);
    const made = await createSignature(toTheirs(message, request), {
      label: "sig1", signer: key.signer, components: components.map(theirComponent), parameters: { created: now(), keyid: "k" },
    });
    const theirs = { ...message, headers: { ...message.headers, "Signature-Input": made.signatureInput, Signature: made.signature } };
    const answer = await us.ask(question(key, theirs, response ? request : undefined, { op: "verify", key: key.verify }));
    assert.equal(answer.error, undefined, components.join());
    counts.add(`theirs ${key.alg}`);
  }
  const rsa = Math.ceil(rounds / rsaEvery);
  counts.check({ "ours ed25519": rounds - rsa, "ours rsa-pss-sha512": rsa, "theirs ed25519": rounds - rsa, "theirs rsa-pss-sha512": rsa });
});

us.close();
rmSync(folder, { recursive: true });
finish();
