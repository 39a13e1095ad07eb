"""RFC 9421 by PyPI `http-message-signatures`, all six algorithms, both ways over a written list of component lists."""

import datetime
import os
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import COUNT, Ours, b64, counted, path, random, word  # noqa: E402
from check import SMOKE, check_now, finish  # noqa: E402

OURS = Ours()


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
    secret = random.randbytes(64)
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
        "Content-Digest": f"sha-256=:{b64(random.randbytes(32))}:,  sha-512=:{b64(random.randbytes(64))}:",
        "X-Spaces": f"{word(9)}   {word(3)}", "X-Empty": "", "Example-Dict": f'a={random.randrange(99)},    b=(x "{word(4)}");p=1,  c',
    }


def http_message_signatures():
    counts = {}
    keys = message_keys()
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = int(now.timestamp())
    every = 5 if SMOKE else 20
    for n in range(COUNT):
        algorithm, resolver, sign, verify = keys[n % len(keys)]
        name = algorithm.algorithm_id
        target = f"/p/{word(9)}?a={word(5)}&q%20x={random.choice(['%41+b', 'c%20d', '', '%E4%B8%AD'])}"
        request = Request(random.choice(["GET", "POST", "PUT"]), target, headers())
        round = n // len(keys)
        if round % 4 == 3:
            message, components = Response(random.choice([200, 404]), headers(), request), RESPONSES[(round // 4) % len(RESPONSES)]
            question = {"status": message.status_code, "request": {"method": request.method, "target": target, "headers": list(request.headers.items())}}
        else:
            message, components = request, REQUESTS[round % len(REQUESTS)]
            question = {"method": request.method, "target": target}
        question |= {"headers": list(message.headers.items()), "alg": name, "keyid": "k", "label": "sig1", "at": stamp * 1000, "now": stamp * 1000, "scheme": "rfc9421"}
        quoted = [c if c.startswith('"') else f'"{c}"' for c in components]
        if not name.startswith("rsa") or n % every < 2:
            ours = OURS.ask(op="sign", key=sign, components=quoted, nonce=word(9), tell_algorithm=True, **question)
            assert "error" not in ours, (components, ours)
            message.headers |= {"Signature-Input": ours["input"], "Signature": ours["signature"]}
            results = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=resolver).verify(message, max_age=datetime.timedelta(minutes=5))
            assert len(results) == 1, results
            counts[f"ours {name}"] = counts.get(f"ours {name}", 0) + 1
            del message.headers["Signature-Input"], message.headers["Signature"]
        HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver).sign(
            message, key_id="k", created=now, label="sig1", covered_component_ids=quoted, tag="interop", use_existing_digest="Content-Digest" in message.headers)
        question["headers"] = list(message.headers.items())
        answer = OURS.ask(op="verify", key=verify, **question)
        assert answer["ok"] and answer["covered"] == quoted, (components, answer)
        counts[f"theirs {name}"] = counts.get(f"theirs {name}", 0) + 1
        if n % 10 == 0:
            question["headers"] = [[k, v.replace(f"created={stamp}", f"created={stamp - 1}")] for k, v in question["headers"]]
            assert not OURS.ask(op="verify", key=verify, **question)["ok"]
            counts["refused"] = counts.get("refused", 0) + 1
    expected = {"refused": -(-COUNT // 10)}
    for index, (algorithm, *_) in enumerate(keys):
        turns = range(index, COUNT, len(keys))
        name = algorithm.algorithm_id
        expected[f"theirs {name}"] = len(turns)
        expected[f"ours {name}"] = len(turns) if not name.startswith("rsa") else sum(n % every < 2 for n in turns)
    counted(counts, expected)


check_now(f"http-message-signatures (Python) and we agree, {COUNT} times each way, six algorithms", http_message_signatures)
OURS.close()
finish()
