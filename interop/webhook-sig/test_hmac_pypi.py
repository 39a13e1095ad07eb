"""Schemes with a shared secret by Python libraries, both ways: they verify what we sign, we verify what they sign. Where a library does not
sign, one way. Each has a table of what it skips."""

import os
import sys
import urllib.parse
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from cases import EMPTY, WORD, any_bytes, no_body, random, run, text  # noqa: E402
from check import finish  # noqa: E402

import slack_sdk.signature  # noqa: E402
import standardwebhooks  # noqa: E402
import stripe  # noqa: E402
import svix.webhooks  # noqa: E402
import twilio.request_validator  # noqa: E402
from gidgethub import sansio  # noqa: E402
from square.utils.webhooks_helper import verify_signature  # noqa: E402


def standard(prefix, webhook, **options):
    def verify(case, body, headers):
        webhook(case.key).verify(body, headers, **options)  # tells by an error
        return True

    def sign(case):
        at = datetime.fromtimestamp(case.secs, tz=timezone.utc)
        signature = webhook(case.key).sign(case.id, at, case.body.decode())
        return {f"{prefix}-id": case.id, f"{prefix}-timestamp": str(case.secs), f"{prefix}-signature": signature}

    return dict(verify=verify, sign=sign, key="bytes")


run("standardwebhooks", "Standard Webhooks v1", "standard", **standard("webhook", standardwebhooks.Webhook, json_parse=False))
run("svix", "Svix headers", "svix", **standard("svix", svix.webhooks.Webhook))

run(
    "stripe",
    "Stripe v1",
    "stripe",
    verify=lambda case, body, headers: stripe.WebhookSignature.verify_header(body, headers["stripe-signature"], case.secret, 300),
    sign=lambda case: {"stripe-signature": stripe.WebhookSignature.generate_signature_header(case.body.decode(), case.secret, case.secs)},
)


def gidgethub(header):
    def verify(case, body, headers):
        sansio.validate_event(body, signature=headers[header], secret=case.secret)
        return True

    return verify


run("gidgethub", "GitHub sha256", "github", verify=gidgethub("x-hub-signature-256"), body=any_bytes)
run("gidgethub", "GitHub sha1", "github-sha1", verify=gidgethub("x-hub-signature"), body=any_bytes)


def slack(case):
    class Clock:
        def now(self):
            return case.now / 1000

    return slack_sdk.signature.SignatureVerifier(case.secret, Clock())


run(
    "slack_sdk",
    "Slack",
    "slack",
    verify=lambda case, body, headers: slack(case).is_valid_request(body, headers),
    sign=lambda case: {"X-Slack-Request-Timestamp": str(case.secs), "X-Slack-Signature": slack(case).generate_signature(timestamp=str(case.secs), body=case.body)},
)


class Form(dict):
    """Parameters as web frameworks have them."""

    def __init__(self, body):
        super().__init__()
        for name, value in urllib.parse.parse_qsl(body.decode(), keep_blank_values=True):
            self.setdefault(name, []).append(value)

    def getall(self, name):
        return self[name]


def form(length):
    pairs = [("".join(random.choices(WORD, k=random.randrange(1, 13))), text(random.randrange(20))) for _ in range(0 if length == 0 else random.randrange(1, 13))]
    if length and random.random() < 0.3:
        pairs += [("Repeated", "b"), ("Repeated", "\U0001f980"), ("Repeated", "\uffff"), ("Repeated", "b")]
    return urllib.parse.urlencode(pairs)


def urls(case):
    """What is registered, and what a proxy may make of its port. Not with a password: the library cuts the URL at its colon."""
    path, query = random.choice(["", "/", "/sms", "/a/b.php"]), random.choice(["", "?foo=1&bar=2", "?x=%2F"])
    scheme = random.choice(["http", "https"])
    standard_port = 443 if scheme == "https" else 80
    bare = f"{scheme}://example.com{path}{query}"
    with_standard = f"{scheme}://example.com:{standard_port}{path}{query}"
    other = f"{scheme}://example.com:8443{path}{query}"
    case.url, case.seen = random.choice([(bare, bare), (bare, with_standard), (bare, other), (with_standard, bare), (other, other)])


def with_hash(case):
    urls(case)
    value = twilio.request_validator.RequestValidator(case.secret).compute_hash(case.body.decode())
    case.url, case.seen = (url + ("&" if "?" in url else "?") + "bodySHA256=" + value for url in (case.url, case.seen))


run(
    "twilio",
    "Twilio forms",
    "twilio",
    verify=lambda case, body, headers: twilio.request_validator.RequestValidator(case.secret).validate(case.seen, Form(body), headers["x-twilio-signature"]),
    sign=lambda case: {"X-Twilio-Signature": twilio.request_validator.RequestValidator(case.secret).compute_signature(case.url, Form(case.body))},
    body=form,
    more=urls,
)
run(
    "twilio",
    "Twilio bodySHA256",
    "twilio",
    verify=lambda case, body, headers: twilio.request_validator.RequestValidator(case.secret).validate(case.seen, body.decode(), headers["x-twilio-signature"]),
    sign=lambda case: {"X-Twilio-Signature": twilio.request_validator.RequestValidator(case.secret).compute_signature(case.url, {})},
    more=with_hash,
)


def square_url(case):
    case.url = case.seen = random.choice(["https://example.com/webhook", "https://example.com:8443/a?b=c"])


run(
    "squareup",
    "Square",
    "square",
    verify=lambda case, body, headers: verify_signature(
        request_body=body.decode(), signature_header=headers["x-square-hmacsha256-signature"], signature_key=case.secret, notification_url=case.url
    ),
    more=square_url,
    skip=no_body,
    expected=EMPTY,
)

finish()
