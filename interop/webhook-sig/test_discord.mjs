// Discord by npm `discord-interactions`, which verifies. It does not sign: what we verify is signed by Node's own crypto.
import { createPrivateKey, sign } from "node:crypto";
import { verifyKey } from "discord-interactions";
import { finish } from "../lib/check.mjs";
import { bytes, Ours, run } from "./lib/cases.mjs";

const ours = new Ours();

// A key from its seed: PKCS #8 of Ed25519 has a fixed beginning (RFC 8410).
const pair = () => {
  const seed = bytes(32);
  const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
  const hex = Buffer.from(privateKey.export({ format: "jwk" }).x, "base64url").toString("hex");
  return { privateKey, keys: { sign: `whsk_${seed.toString("base64")}`, verify: hex } };
};

await run(ours, "discord-interactions", "Discord", {
  scheme: "discord",
  shape: { body: (one, length) => bytes(length), more: pair },
  verify: (one, headers) => verifyKey(one.body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], one.keys.verify),
  sign: (one) => ({ "X-Signature-Ed25519": sign(null, Buffer.concat([Buffer.from(String(one.secs)), one.body]), one.privateKey).toString("hex"), "X-Signature-Timestamp": String(one.secs) }),
});

ours.close();
finish();
