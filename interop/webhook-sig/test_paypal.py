"""PayPal by its own SDK (PyPI `paypalrestsdk`), which verifies. What it would fetch is canned: `requests.get` is replaced by a certificate of
an authority made here, in the place of the roots that it ships. It does not sign: what we verify is signed by `openssl`."""

import base64
import os
import sys
import time
import zlib
from types import SimpleNamespace

import paypalrestsdk.notifications
from paypalrestsdk.notifications import WebhookEvent

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import Ours, b64, counted, openssl, path, random, text, word  # noqa: E402
from check import SMOKE, check_now, finish  # noqa: E402

# Each of these starts `openssl`.
COUNT = 10 if SMOKE else 1000
URL = "https://api.paypal.com/v1/notifications/certs/CERT-1"
OURS = Ours()


def certificate():
    """An authority, and a certificate by it for the name that the SDK asks for."""
    name = "/CN=messageverificationcerts.paypal.com"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.pem"), "-days", "2", "-subj", "/CN=interop")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("leaf.key"), "-out", path("leaf.csr"), "-subj", name)
    made = openssl("x509", "-req", "-in", path("leaf.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2", "-out", path("leaf.pem"))
    assert made.returncode == 0, made
    with open(path("leaf.pem"), encoding="ascii") as file:
        return file.read()


PEM = certificate()
WebhookEvent._WebhookEvent__cert_chain_path = [path("ca.pem")]


def get(url):
    assert url == URL, url
    return SimpleNamespace(text=PEM)


paypalrestsdk.notifications.requests = SimpleNamespace(get=get, exceptions=paypalrestsdk.notifications.requests.exceptions)


def theirs(headers, webhook, body):
    """What the SDK says; it prints its reasons."""
    fields = {name.lower(): value for name, value in headers}
    return WebhookEvent.verify(
        fields["paypal-transmission-id"], fields["paypal-transmission-time"], webhook, body, fields["paypal-cert-url"],
        fields["paypal-transmission-sig"], fields["paypal-auth-algo"],
    )


def both():
    counts = {"we sign": 0, "openssl signs": 0, "refused by both": 0}
    now = int(time.time()) + 60
    for n in range(COUNT):
        id, webhook, body = word(40), word(20), text(0 if n % 20 == 0 else 5000 if n % 20 == 1 else random.randrange(300))
        data = b64(body.encode())
        answer = OURS.ask(op="sign", scheme="paypal", key=path("leaf.key"), id=id, webhook_id=webhook, at=now * 1000, body=data)
        assert theirs(answer["headers"], webhook, body) is True, f"case {n}: what we sign is refused: {answer}"
        counts["we sign"] += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        signature = openssl("dgst", "-sha256", "-sign", path("leaf.key"), stdin=f"{id}|{stamp}|{webhook}|{zlib.crc32(body.encode())}".encode()).stdout
        headers = [
            ["PAYPAL-TRANSMISSION-ID", id], ["PAYPAL-TRANSMISSION-TIME", stamp], ["PAYPAL-TRANSMISSION-SIG", b64(signature)],
            ["PAYPAL-CERT-URL", URL], ["PAYPAL-AUTH-ALGO", "SHA256withRSA"],
        ]
        question = dict(op="verify", scheme="paypal", key=PEM, webhook_id=webhook, headers=headers, now=now * 1000)
        assert theirs(headers, webhook, body) is True
        answer = OURS.ask(**question, body=data)
        assert answer["ok"] and answer["id"] == id, answer
        counts["openssl signs"] += 1
        if n % 10 == 0:
            assert theirs(headers, webhook, body + ".") is False
            answer = OURS.ask(**question, body=b64(body.encode() + b"."))
            assert answer["ok"] is False and answer["status"] == 401, answer
            counts["refused by both"] += 1
    counted(counts, {"we sign": COUNT, "openssl signs": COUNT, "refused by both": -(-COUNT // 10)})


check_now(f"paypalrestsdk accepts what we sign, and we what it accepts, {COUNT} times each", both)
OURS.close()
finish()
