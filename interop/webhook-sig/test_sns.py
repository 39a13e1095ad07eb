"""AWS SNS by PyPI `aws-sns-message-validator`, which verifies version 1 of all three kinds of message. What it would fetch is canned. It does
not sign: what we verify is signed by `cryptography` over the text that AWS documents, and the peer has to accept it too."""

import json
import os
import sys
import time
from types import SimpleNamespace

from sns_message_validator import SNSMessageValidator
from sns_message_validator.exceptions import SignatureVerificationFailureException
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import COUNT, Ours, b64, counted, openssl, path, random, text, word  # noqa: E402
from check import SMOKE, check_now, finish  # noqa: E402

# Each of ours starts `openssl`.
SIGNED = 10 if SMOKE else 300
KINDS = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
URL = "https://sns.eu-west-1.amazonaws.com/interop.pem"
OURS = Ours()

made = openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key.pem"), "-out", path("cert.pem"), "-days", "2", "-subj", "/CN=sns")
assert made.returncode == 0, made
with open(path("cert.pem"), "rb") as file:
    PEM = file.read()
with open(path("key.pem"), "rb") as file:
    KEY = load_pem_private_key(file.read(), None)


def get(url):
    assert url == URL, url
    return SimpleNamespace(content=PEM)


VALIDATOR = SNSMessageValidator()
VALIDATOR._cert_session = SimpleNamespace(get=get)
NOW = (int(time.time()) + 60) * 1000


def accepts(message):
    try:
        VALIDATOR.validate_message(message)
        return True
    except SignatureVerificationFailureException:
        return False


def ours():
    counts = dict.fromkeys(KINDS, 0)
    for n in range(SIGNED):
        kind = KINDS[n % len(KINDS)]
        question = dict(op="sign", scheme="sns", key=path("key.pem"), alg="rsa-v1_5-sha1", kind=kind, id=word(30), topic=f"arn:{word(9)}", text=text(random.randrange(60)))
        if random.random() < 0.5:
            question["subject"] = text(1 + random.randrange(10))
        answer = OURS.ask(**question, at=NOW)
        message = json.loads(answer["body"])
        assert message["Type"] == kind and accepts(message), answer
        counts[kind] += 1
    counted(counts, {kind: len(range(index, SIGNED, len(KINDS))) for index, kind in enumerate(KINDS)})


def theirs():
    counts = dict.fromkeys(KINDS + ["refused by both"], 0)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(NOW // 1000))
    for n in range(COUNT):
        kind = KINDS[n % len(KINDS)]
        message = dict(Type=kind, MessageId=word(30), TopicArn=f"arn:{word(20)}", Message=text(random.randrange(60)), Timestamp=stamp, SignatureVersion="1", SigningCertURL=URL)
        if kind != "Notification":
            message |= dict(SubscribeURL=f"https://sns.example/{word(9)}", Token=word(40))
        elif random.random() < 0.5:
            message["Subject"] = text(1 + random.randrange(10))
        names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        signed = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        message["Signature"] = b64(KEY.sign(signed.encode(), PKCS1v15(), SHA1()))
        assert accepts(message)
        question = dict(op="verify", scheme="sns", key=PEM.decode(), now=NOW)
        answer = OURS.ask(**question, body=b64(json.dumps(message).encode()))
        assert answer["ok"] and answer["text"] == message["Message"], answer
        counts[kind] += 1
        if n % 10 == 0:
            changed = message | {"Message": message["Message"] + "."}
            answer = OURS.ask(**question, body=b64(json.dumps(changed).encode()))
            assert not accepts(changed) and answer["ok"] is False and answer["status"] == 401, answer
            counts["refused by both"] += 1
    expected = {kind: len(range(index, COUNT, len(KINDS))) for index, kind in enumerate(KINDS)}
    counted(counts, expected | {"refused by both": -(-COUNT // 10)})


check_now(f"aws-sns-message-validator accepts what we sign, {SIGNED} times, all three kinds", ours)
check_now(f"we accept what it accepts, {COUNT} times, and neither accepts a change", theirs)
OURS.close()
finish()
