"""Public keys from Python: PyNaCl (Standard Webhooks v1a and Discord), http-message-signatures (RFC 9421), and `openssl` as a second
opinion on PayPal's documented text, on our ed25519 and on our HMAC. Both directions where the peer has both."""

import base64
import binascii
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zlib

import nacl.exceptions
import nacl.signing
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.check import BIN, SMOKE, finish, report  # noqa: E402

CASES = 25 if SMOKE else 1000
# Each of these starts `openssl`.
SLOW = 10 if SMOKE else 200
SEED = int(os.environ.get("OCTAVO_SEED", "20261126"))
print(f"# seed {SEED}")
RANDOM = random.Random(SEED)


class Peer:
    """Our program, one JSON object a line."""

    def __init__(self):
        self.process = subprocess.Popen([f"{BIN}/examples/peer_keys"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


US = Peer()


def b64(data):
    return base64.b64encode(data).decode()


def body():
    return RANDOM.randbytes(RANDOM.randrange(300))


def word(most):
    return "".join(RANDOM.choice("abcXYZ019_-") for _ in range(RANDOM.randrange(1, most)))


def check(name, run):
    try:
        run()
        report(name)
    except Exception as error:  # noqa: BLE001
        report(name, f"{type(error).__name__}: {error}".replace("\n", " | "))


def counted(counts, expected):
    print(f"# {counts}")
    assert counts == expected, f"counted {counts} instead of {expected}"


def pynacl_v1a():
    counts = {"ours": 0, "theirs": 0, "refused by both": 0}
    for n in range(CASES):
        seed, id, now, data = RANDOM.randbytes(32), "msg_" + word(20), RANDOM.randrange(2**31), body()
        key = nacl.signing.SigningKey(seed)
        whpk = "whpk_" + b64(bytes(key.verify_key))
        signed = b".".join([id.encode(), str(now).encode(), data])
        ours = US.ask(op="v1a_sign", key="whsk_" + b64(seed), id=id, now=now, body=b64(data))
        headers = dict(ours["headers"])
        version, signature = headers["webhook-signature"].split(",")
        assert version == "v1a" and headers["webhook-id"] == id
        key.verify_key.verify(signed, base64.b64decode(signature))
        counts["ours"] += 1
        theirs = b64(key.sign(signed).signature)
        fields = [["Webhook-Id", id], ["Webhook-Timestamp", str(now)], ["Webhook-Signature", f"v1,{b64(bytes(32))} v1a,{theirs}"]]
        assert US.ask(op="v1a_verify", key=whpk, headers=fields, body=b64(data), now=now)["ok"]
        counts["theirs"] += 1
        if n % 10 == 0:
            other = data + b"\0"
            assert not US.ask(op="v1a_verify", key=whpk, headers=fields, body=b64(other), now=now)["ok"]
            try:
                key.verify_key.verify(signed + b"\0", base64.b64decode(theirs))
                raise AssertionError("PyNaCl took another body")
            except nacl.exceptions.BadSignatureError:
                counts["refused by both"] += 1
    counted(counts, {"ours": CASES, "theirs": CASES, "refused by both": -(-CASES // 10)})


def pynacl_discord():
    counts = {"ours": 0, "theirs": 0}
    for _ in range(CASES):
        seed, now, data = RANDOM.randbytes(32), RANDOM.randrange(2**31), body()
        key = nacl.signing.SigningKey(seed)
        ours = dict(US.ask(op="discord_sign", key="whsk_" + b64(seed), now=now, body=b64(data))["headers"])
        key.verify_key.verify(str(now).encode() + data, binascii.unhexlify(ours["x-signature-ed25519"]))
        counts["ours"] += 1
        signature = key.sign(str(now).encode() + data).signature.hex()
        fields = [["X-Signature-Ed25519", signature], ["X-Signature-Timestamp", str(now)]]
        assert US.ask(op="discord_verify", key=bytes(key.verify_key).hex(), headers=fields, body=b64(data), now=now)["ok"]
        counts["theirs"] += 1
    counted(counts, {"ours": CASES, "theirs": CASES})


FOLDER = tempfile.TemporaryDirectory(prefix="octavo-keys-")


def path(name, content=None):
    where = os.path.join(FOLDER.name, name)
    if content is not None:
        with open(where, "wb") as file:
            file.write(content)
    return where


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=False)


def paypal_by_openssl():
    """PayPal has no library that verifies offline; its documented text is signed and verified by `openssl`."""
    key, certificate, public = path("paypal.key"), path("paypal.pem"), path("paypal.pub")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=paypal")
    path("paypal.pub", openssl("x509", "-in", certificate, "-noout", "-pubkey").stdout)
    with open(certificate, encoding="ascii") as file:
        pem = file.read()
    counts = {"ours": 0, "theirs": 0, "refused": 0}
    now = int(time.time()) + 60
    for _ in range(SLOW):
        id, webhook, data = word(40), word(20), body()
        ours = dict(US.ask(op="paypal_sign", key=key, id=id, webhook_id=webhook, now=now, body=b64(data))["headers"])
        signed = f"{id}|{ours['paypal-transmission-time']}|{webhook}|{zlib.crc32(data)}".encode()
        path("signature", base64.b64decode(ours["paypal-transmission-sig"]))
        verdict = openssl("dgst", "-sha256", "-verify", public, "-signature", path("signature"), stdin=signed)
        assert verdict.stdout == b"Verified OK\n", verdict
        counts["ours"] += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        theirs = openssl("dgst", "-sha256", "-sign", key, stdin=f"{id}|{stamp}|{webhook}|{zlib.crc32(data)}".encode()).stdout
        fields = {
            "PAYPAL-TRANSMISSION-ID": id, "PAYPAL-TRANSMISSION-TIME": stamp, "PAYPAL-TRANSMISSION-SIG": b64(theirs),
            "PAYPAL-CERT-URL": "https://api.paypal.com/v1/notifications/certs/CERT-1", "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }
        question = {"op": "paypal_verify", "key": pem, "webhook_id": webhook, "headers": list(fields.items()), "now": now}
        answer = US.ask(**question, body=b64(data))
        assert answer["ok"] and answer["id"] == id, answer
        counts["theirs"] += 1
        assert not US.ask(**question, body=b64(data + b"."))["ok"]
        counts["refused"] += 1
    counted(counts, {"ours": SLOW, "theirs": SLOW, "refused": SLOW})


def openssl_on_ed25519():
    """`openssl pkeyutl -rawin` verifies our v1a and signs for us."""
    counts = {"ours": 0, "theirs": 0}
    for _ in range(SLOW):
        seed, now, data = RANDOM.randbytes(32), RANDOM.randrange(2**31), body()
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        key = path("ed.key", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = path("ed.pub", private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        signed = f"msg_1.{now}.".encode() + data
        message = path("message", signed)
        headers = dict(US.ask(op="v1a_sign", key="whsk_" + b64(seed), id="msg_1", now=now, body=b64(data))["headers"])
        path("signature", base64.b64decode(headers["webhook-signature"].removeprefix("v1a,")))
        verdict = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", message, "-sigfile", path("signature"))
        assert verdict.returncode == 0, verdict
        counts["ours"] += 1
        theirs = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message).stdout
        whpk = "whpk_" + b64(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        fields = [["webhook-id", "msg_1"], ["webhook-timestamp", str(now)], ["webhook-signature", "v1a," + b64(theirs)]]
        assert US.ask(op="v1a_verify", key=whpk, headers=fields, body=b64(data), now=now)["ok"]
        counts["theirs"] += 1
    counted(counts, {"ours": SLOW, "theirs": SLOW})


def openssl_on_hmac():
    """`openssl dgst -sha256 -hmac` over our signature base."""
    for _ in range(SLOW):
        secret, now, id = word(40), int(time.time()), word(10)
        base = f'"@status": 204\n"@signature-params": ("@status");created={now};nonce="{id}";keyid="k"'
        answer = US.ask(op="rfc9421_sign", key=b64(secret.encode()), alg="hmac-sha256", components=["@status"], status=204, label="s", keyid="k", nonce=id, now=now)
        digest = openssl("dgst", "-sha256", "-hmac", secret, "-binary", stdin=base.encode()).stdout
        assert answer["signature"] == f"s=:{b64(digest)}:", answer


class Request:
    def __init__(self, method, target, headers):
        self.method, self.target, self.url, self.headers = method, target, f"https://example.com{target}", headers


class Response:
    def __init__(self, status, headers, request):
        self.status_code, self.headers, self.request = status, headers, request


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, private, public):
        self.private, self.public = private, public

    def resolve_private_key(self, key_id):
        return self.private

    def resolve_public_key(self, key_id):
        return self.public


def pem(key):
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def message_keys():
    """Per algorithm: the peer's class and keys, what our program signs with, what it verifies with."""
    secret = RANDOM.randbytes(64)
    edwards = ed25519.Ed25519PrivateKey.generate()
    keys = [
        (algorithms.HMAC_SHA256, Keys(secret, secret), b64(secret), b64(secret)),
        (algorithms.ED25519, Keys(edwards, edwards.public_key()), b64(edwards.private_bytes_raw()), pem(edwards.public_key())),
    ]
    for algorithm, curve, size in [(algorithms.ECDSA_P256_SHA256, ec.SECP256R1(), 32), (algorithms.ECDSA_P384_SHA384, ec.SECP384R1(), 48)]:
        key = ec.generate_private_key(curve)
        scalar = key.private_numbers().private_value.to_bytes(size, "big")
        keys.append((algorithm, Keys(key, key.public_key()), b64(scalar), pem(key.public_key())))
    for algorithm in (algorithms.RSA_V1_5_SHA256, algorithms.RSA_PSS_SHA512):
        key = rsa.generate_private_key(65537, 2048)
        where = path(algorithm.algorithm_id, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        keys.append((algorithm, Keys(key, key.public_key()), where, pem(key.public_key())))
    return keys


REQUESTS = [
    ["@method"],
    ["@authority", "@path"],
    ["@target-uri"],
    ["@scheme", "@query", "@request-target"],
    ["content-digest"],
    ["@method", "@target-uri", "content-digest", "content-type", "date"],
    ["x-spaces", "x-empty"],
    ['"example-dict";key="a"', '"example-dict";key="b"'],
    ['"content-digest";bs'],
    ['"content-digest";sf'],
    ['"@query-param";name="a"'],
    ['"@query-param";name="q%20x"', "@query"],
]
RESPONSES = [
    ["@status"],
    ["@status", "content-digest", "content-type"],
    ["@status", '"@method";req', '"@authority";req', '"content-digest";req'],
    ['"@path";req', '"example-dict";key="b";req'],
]


def headers():
    return {
        "Host": "example.com", "Date": "Tue, 20 Apr 2021 02:07:55 GMT", "Content-Type": "application/json",
        "Content-Digest": f"sha-256=:{b64(RANDOM.randbytes(32))}:,  sha-512=:{b64(RANDOM.randbytes(64))}:",
        "X-Spaces": f"{word(9)}   {word(3)}", "X-Empty": "", "Example-Dict": f'a={RANDOM.randrange(99)},    b=(x "{word(4)}");p=1,  c',
    }


def http_message_signatures():
    counts = {}
    keys = message_keys()
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = int(now.timestamp())
    every = 5 if SMOKE else 20
    for n in range(CASES):
        algorithm, resolver, sign, verify = keys[n % len(keys)]
        name = algorithm.algorithm_id
        target = f"/p/{word(9)}?a={word(5)}&q%20x={RANDOM.choice(['%41+b', 'c%20d', '', '%E4%B8%AD'])}"
        request = Request(RANDOM.choice(["GET", "POST", "PUT"]), target, headers())
        round = n // len(keys)
        if round % 4 == 3:
            message, components = Response(RANDOM.choice([200, 404]), headers(), request), RESPONSES[(round // 4) % len(RESPONSES)]
            question = {"status": message.status_code, "request": {"method": request.method, "target": target, "headers": list(request.headers.items())}}
        else:
            message, components = request, REQUESTS[round % len(REQUESTS)]
            question = {"method": request.method, "target": target}
        question |= {"headers": list(message.headers.items()), "alg": name, "keyid": "k", "label": "sig1", "now": stamp, "unbound": True}
        quoted = [c if c.startswith('"') else f'"{c}"' for c in components]
        if not name.startswith("rsa") or n % every < 2:
            ours = US.ask(op="rfc9421_sign", key=sign, components=quoted, nonce=word(9), tell_algorithm=True, **question)
            assert ours["ok"], (components, ours)
            message.headers |= {"Signature-Input": ours["input"], "Signature": ours["signature"]}
            results = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=resolver).verify(message, max_age=datetime.timedelta(minutes=5))
            assert len(results) == 1, results
            counts[f"ours {name}"] = counts.get(f"ours {name}", 0) + 1
            del message.headers["Signature-Input"], message.headers["Signature"]
        HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver).sign(
            message, key_id="k", created=now, label="sig1", covered_component_ids=quoted, tag="interop", use_existing_digest="Content-Digest" in message.headers)
        question["headers"] = list(message.headers.items())
        answer = US.ask(op="rfc9421_verify", key=verify, **question)
        assert answer["ok"] and answer["covered"] == quoted, (components, answer)
        counts[f"theirs {name}"] = counts.get(f"theirs {name}", 0) + 1
        if n % 10 == 0:
            question["headers"] = [[k, v.replace(f"created={stamp}", f"created={stamp - 1}")] for k, v in question["headers"]]
            assert not US.ask(op="rfc9421_verify", key=verify, **question)["ok"]
            counts["refused"] = counts.get("refused", 0) + 1
    expected = {"refused": -(-CASES // 10)}
    for index, (algorithm, *_) in enumerate(keys):
        turns = range(index, CASES, len(keys))
        name = algorithm.algorithm_id
        expected[f"theirs {name}"] = len(turns)
        expected[f"ours {name}"] = len(turns) if not name.startswith("rsa") else sum(n % every < 2 for n in turns)
    counted(counts, expected)


check(f"PyNaCl and we agree on Standard Webhooks v1a, {CASES} times each way", pynacl_v1a)
check(f"PyNaCl and we agree on Discord, {CASES} times each way", pynacl_discord)
check(f"openssl and we agree on PayPal, {SLOW} times each way", paypal_by_openssl)
check(f"openssl and we agree on ed25519, {SLOW} times each way", openssl_on_ed25519)
check(f"openssl has our HMAC, {SLOW} times", openssl_on_hmac)
check(f"http-message-signatures (Python) and we agree on RFC 9421, {CASES} times each way, six algorithms", http_message_signatures)
US.close()
FOLDER.cleanup()
finish()
