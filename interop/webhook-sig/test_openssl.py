"""`openssl` as a second opinion: on ed25519 both ways (`pkeyutl -rawin`), and on our HMAC over a signature base (`dgst -hmac`)."""

import base64
import os
import sys
import time

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import Ours, any_bytes, b64, counted, openssl, path, random, word  # noqa: E402
from check import SMOKE, check_now, finish  # noqa: E402

# Each of these starts `openssl`.
COUNT = 10 if SMOKE else 200
OURS = Ours()


def on_ed25519():
    counts = {"ours": 0, "theirs": 0}
    for _ in range(COUNT):
        seed, now, data = random.randbytes(32), random.randrange(2**31), any_bytes(random.randrange(300))
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        key = path("ed.key", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = path("ed.pub", private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        message = path("message", f"msg_1.{now}.".encode() + data)
        answer = OURS.ask(op="sign", scheme="standard-v1a", key="whsk_" + b64(seed), id="msg_1", at=now * 1000, body=b64(data))
        path("signature", base64.b64decode(dict(answer["headers"])["webhook-signature"].removeprefix("v1a,")))
        verdict = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", message, "-sigfile", path("signature"))
        assert verdict.returncode == 0, verdict
        counts["ours"] += 1
        theirs = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message).stdout
        whpk = "whpk_" + b64(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        fields = [["webhook-id", "msg_1"], ["webhook-timestamp", str(now)], ["webhook-signature", "v1a," + b64(theirs)]]
        assert OURS.ask(op="verify", scheme="standard-v1a", key=whpk, headers=fields, body=b64(data), now=now * 1000)["ok"]
        counts["theirs"] += 1
    counted(counts, {"ours": COUNT, "theirs": COUNT})


def on_hmac():
    for _ in range(COUNT):
        secret, now, nonce = word(40), int(time.time()), word(10)
        base = f'"@status": 204\n"@signature-params": ("@status");created={now};nonce="{nonce}";keyid="k"'
        question = dict(op="sign", scheme="rfc9421", key=b64(secret.encode()), alg="hmac-sha256", components=["@status"], status=204, label="s", keyid="k", nonce=nonce)
        answer = OURS.ask(**question, at=now * 1000)
        digest = openssl("dgst", "-sha256", "-hmac", secret, "-binary", stdin=base.encode()).stdout
        assert answer["signature"] == f"s=:{b64(digest)}:", answer


check_now(f"openssl and we agree on ed25519, {COUNT} times each way", on_ed25519)
check_now(f"openssl has our HMAC, {COUNT} times", on_hmac)
OURS.close()
finish()
