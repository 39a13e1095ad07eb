"""Generated requests, and our program that signs and verifies them (webhook-sig/examples/peer): one JSON object a line, no port."""

import base64
import json
import os
import random as _random
import string
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "lib"))
from check import EXAMPLES, SMOKE, report  # noqa: E402

COUNT = 50 if SMOKE else 1000
SEED = int(os.environ.get("OCTAVO_SEED", time.time_ns() % 2**31))
print(f"cases for each peer and direction: {COUNT}; OCTAVO_SEED={SEED}", flush=True)
random = _random.Random(SEED)

PRINTABLE = "".join(chr(n) for n in range(33, 127))
WORD = string.ascii_letters + string.digits + "_"
# Any UTF-8: NUL, CR and LF, a byte order mark, characters of two, three and four bytes.
ODD = ["\0", "\r", "\n", "\r\n", "\ufeff", "é", "ß", "\u2028", "€", "\uffff", "\U00010000", "\U0001f980", "\U0010ffff", '"', "\\", "%", "+", "&", "="]


def text(length):
    return "".join(random.choice(ODD) if random.random() < 0.3 else random.choice(PRINTABLE) for _ in range(length))


class Case:
    """One request. One in twenty has no body, one a long one. `at` is near enough to the present for peers that read the clock."""

    def __init__(self, n, now, key, body, more):
        self.n, self.now = n, now
        self.at = now + random.randrange(-200_000, 200_000)
        self.secs = self.at // 1000
        self.key = "".join(random.choices(PRINTABLE, k=random.randrange(16, 64))).encode() if key == "text" else random.randbytes(random.randrange(24, 65))
        self.secret = self.key.decode("latin-1")
        # The texts of a public key's halves, where the scheme has one: set by `more`.
        self.sign_key = self.verify_key = base64.b64encode(self.key).decode()
        self.id = "msg_" + word(61)
        self.url = self.seen = ""
        length = 0 if n % 20 == 0 else 5000 if n % 20 == 1 else random.randrange(1, 301)
        made = body(length)
        self.body = made if isinstance(made, bytes) else made.encode()
        if more:
            more(self)

    def forged(self):
        """The body with one bit flipped, or one byte added to none, such that it is still UTF-8 and a form has the same shape."""
        flippable = [at for at, byte in enumerate(self.body) if 0x22 < byte < 0x5B and byte not in b"%&+="]
        if not flippable:
            return self.body + b"x"
        at = random.choice(flippable)
        return self.body[:at] + bytes([self.body[at] ^ 1]) + self.body[at + 1 :]


PROGRAM = f"{EXAMPLES}/webhook_peer"


def ask(questions):
    """Asks our program all of it at once."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([PROGRAM], input=lines.encode(), stdout=subprocess.PIPE, check=True, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), f"{len(answers)} answers to {len(questions)} questions"
    return answers


class Ours:
    """Our program, asked one question after the other."""

    def __init__(self):
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def counted(counts, expected):
    """Compares what was done with the table: a direction that goes missing is a failure."""
    print(f"   {json.dumps(counts)}", flush=True)
    assert counts == expected, f"counted {counts} instead of {expected}"


FOLDER = tempfile.TemporaryDirectory(prefix="octavo-webhook-sig-")


def path(name, content=None):
    """A file that is gone when the driver ends."""
    where = os.path.join(FOLDER.name, name)
    if content is not None:
        with open(where, "wb") as file:
            file.write(content)
    return where


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=False)


def any_bytes(length):
    return random.randbytes(length)


def word(most):
    return "".join(random.choices(WORD + "-", k=random.randrange(1, most)))


def b64(data):
    return base64.b64encode(data).decode()


def run(peer, name, scheme, verify=None, sign=None, key="text", body=text, more=None, skip=None, expected=None):
    """Runs one peer in every direction that it has, and compares the counts with those that are expected of it.

    verify(case, body, headers) is theirs: True, or anything else or an error. sign(case) gives their headers. skip(case) says why the
    peer has no say in this case, or nothing.
    """
    try:
        counts = {"we sign": 0, "they sign": 0, "forgeries refused by them": 0, "forgeries refused by us": 0, "skipped": {}}
        now = time.time_ns() // 1_000_000
        judged = []
        for n in range(COUNT):
            case = Case(n, now, key, body, more)
            why = skip(case) if skip else None
            if why:
                counts["skipped"][why] = counts["skipped"].get(why, 0) + 1
            else:
                judged.append(case)

        def accepts(case, body, headers):
            try:
                return verify(case, body, headers) is True
            except Exception as error:
                accepts.error = error
                return False

        if verify:
            questions = [dict(op="sign", scheme=scheme, key=case.sign_key, id=case.id, at=case.at, body=b64(case.body), url=case.url) for case in judged]
            for case, answer in zip(judged, ask(questions)):
                headers = dict(answer["headers"])
                accepts.error = None
                assert accepts(case, case.body, headers), f"case {case.n}: what we signed is refused: {headers} {accepts.error!r} {case.url} {case.seen}"
                counts["we sign"] += 1
                assert not accepts(case, case.forged(), headers), f"case {case.n}: a forgery is accepted by them"
                counts["forgeries refused by them"] += 1
        if sign:
            questions = []
            for case in judged:
                headers = list(sign(case).items())
                for body in (case.body, case.forged()):
                    questions.append(dict(op="verify", scheme=scheme, key=case.verify_key, headers=headers, body=b64(body), now=case.now, url=case.seen or case.url))
            for index, answer in enumerate(ask(questions)):
                case = judged[index // 2]
                if index % 2 == 0:
                    assert answer["ok"] is True, f"case {case.n}: what they signed is refused: {answer} {questions[index]}"
                    counts["they sign"] += 1
                else:
                    assert answer == {"ok": False, "status": 401, "error": "no signature matches"}, f"case {case.n}: a forgery: {answer}"
                    counts["forgeries refused by us"] += 1
        print(f"   {peer} {name}: {json.dumps(counts)}", flush=True)
        per = COUNT - sum(counts["skipped"].values())
        wanted = {"we sign": per if verify else 0, "they sign": per if sign else 0, "forgeries refused by them": per if verify else 0, "forgeries refused by us": per if sign else 0, "skipped": expected or {}}
        assert counts == wanted, f"expected {wanted}"
        report(f"{peer}: {name}")
    except Exception as error:
        report(f"{peer}: {name}", f"{type(error).__name__}: {error}"[:1500])


# One in twenty has no body.
EMPTY = {"no body": -(-COUNT // 20)}


def no_body(case):
    return None if case.body else "no body"
