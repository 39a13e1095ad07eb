// Discord by npm `discord-interactions`, which verifies; what it verifies is signed by Node's own crypto, as the library does not sign.
import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { verifyKey } from "discord-interactions";
import { check, finish } from "../lib/check.mjs";
import { Counts, bytes, cases, peer, random } from "./peer_keys.mjs";

const us = peer();
const counts = new Counts();

// A key from its seed: PKCS #8 and SPKI of Ed25519 have fixed beginnings (RFC 8410).
const keys = Array.from({ length: 8 }, () => {
  const seed = Buffer.from(Array.from({ length: 32 }, () => random(256)));
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const jwk = privateKey.export({ format: "jwk" });
  return { privateKey, whsk: `whsk_${seed.toString("base64")}`, hex: Buffer.from(jwk.x, "base64url").toString("hex") };
});

await check(`discord-interactions verifies what we sign, and we what was signed for it, ${cases} times each`, async () => {
  for (let n = 0; n < cases; n += 1) {
    const key = keys[n % keys.length];
    const now = random(2 ** 31);
    const body = bytes(300);
    const signed = await us.ask({ op: "discord_sign", key: key.whsk, now, body: body.toString("base64") });
    const headers = Object.fromEntries(signed.headers);
    assert.equal(await verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], key.hex), true);
    counts.add("ours");
    const signature = sign(null, Buffer.concat([Buffer.from(String(now)), body]), key.privateKey).toString("hex");
    assert.equal(await verifyKey(body, signature, String(now), key.hex), true);
    const question = { op: "discord_verify", key: key.hex, headers: [["X-Signature-Ed25519", signature], ["X-Signature-Timestamp", String(now)]], body: body.toString("base64"), now };
    assert.equal((await us.ask(question)).ok, true);
    counts.add("theirs");
    if (n % 10 === 0) {
      const other = Buffer.concat([body, Buffer.from([0])]);
      assert.equal(await verifyKey(other, signature, String(now), key.hex), false);
      assert.equal((await us.ask({ ...question, body: other.toString("base64") })).ok, false);
      counts.add("refused by both");
    }
  }
  counts.check({ ours: cases, "refused by both": Math.ceil(cases / 10), theirs: cases });
});

us.close();
finish();
