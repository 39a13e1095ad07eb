"""Ed25519 by PyNaCl, both ways: Standard Webhooks v1a and Discord."""

import base64
import binascii
import os
import sys

import nacl.signing

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import any_bytes, b64, random, run  # noqa: E402
from check import finish  # noqa: E402


def whpk(case):
    case.pair = nacl.signing.SigningKey(random.randbytes(32))
    case.sign_key = "whsk_" + b64(bytes(case.pair))
    case.verify_key = "whpk_" + b64(bytes(case.pair.verify_key))


def hexadecimal(case):
    whpk(case)
    case.verify_key = bytes(case.pair.verify_key).hex()


def v1a_text(case, body):
    return b".".join([case.id.encode(), str(case.secs).encode(), body])


def v1a_verify(case, body, headers):
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a" and headers["webhook-id"] == case.id and headers["webhook-timestamp"] == str(case.secs)
    case.pair.verify_key.verify(v1a_text(case, body), base64.b64decode(signature))  # tells by an error
    return True


def v1a_sign(case):
    signature = b64(case.pair.sign(v1a_text(case, case.body)).signature)
    # Beside it a v1, which is of no meaning to a public key.
    return {"Webhook-Id": case.id, "Webhook-Timestamp": str(case.secs), "Webhook-Signature": f"v1,{b64(bytes(32))} v1a,{signature}"}


def discord_text(case, body):
    return str(case.secs).encode() + body


def discord_verify(case, body, headers):
    case.pair.verify_key.verify(discord_text(case, body), binascii.unhexlify(headers["x-signature-ed25519"]))
    return True


def discord_sign(case):
    return {"X-Signature-Ed25519": case.pair.sign(discord_text(case, case.body)).signature.hex(), "X-Signature-Timestamp": str(case.secs)}


run("PyNaCl", "Standard Webhooks v1a", "standard-v1a", verify=v1a_verify, sign=v1a_sign, body=any_bytes, more=whpk)
run("PyNaCl", "Discord", "discord", verify=discord_verify, sign=discord_sign, body=any_bytes, more=hexadecimal)
finish()
