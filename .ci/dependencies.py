"""What stands below each crate: no runtime in a core, few dependencies, no second version without a reason, licences.

Usage: dependencies.py CRATE...
"""

import json
import pathlib
import subprocess
import sys

RUNTIMES = {"tokio", "hyper", "h2", "tower"}
# The most dependencies a core may have without default features.
MOST = {"graphql-exec": 16, "grpc-wire": 8, "rpc-typed": 24, "soap-envelope": 8, "sse-codec": 8, "ws-frame": 8, "webhook-sig": 25}
# Licences under which a dependency may come; a compound expression must be satisfiable by these.
ALLOWED = {
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "0BSD",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# Peers that are measured against and stand below `benches` alone, which is published nowhere: their licence binds no user.
MEASURED = {"yawc"}


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def tree(*arguments):
    """Names and versions of a `cargo tree`, without the root."""
    lines = cargo("tree", "--prefix", "none", "-e", "normal", *arguments).splitlines()
    return {tuple(line.split()[:2]) for line in lines if line.strip() and not line.startswith("[")}


def licence_holds(expression):
    """True where the SPDX expression can be satisfied by the allowed licences."""
    words = expression.replace("/", " OR ").replace("(", " ( ").replace(")", " ) ").split()
    terms, out = [], []
    for word in words + ["OR"]:
        if word in ("OR", "AND", "(", ")"):
            if terms:
                out.append(str(" ".join(terms) in ALLOWED))
                terms = []
            out.append({"OR": "or", "AND": "and"}.get(word, word))
        else:
            terms.append(word)
    return eval(" ".join(out[:-1]))  # only True, False, and, or, parentheses


def main(crates):
    wrong = []
    for crate in crates:
        below = tree("-p", crate, "--no-default-features")
        names = {name for name, _ in below if name != crate}
        print(f"{crate}: {len(names)} dependencies without default features")
        if runtime := sorted(names & RUNTIMES):
            wrong.append(f"{crate}: its core names {', '.join(runtime)}")
        if len(names) > MOST.get(crate, len(names)):
            wrong.append(f"{crate}: {len(names)} dependencies without default features, {MOST[crate]} allowed: {sorted(names)}")

    reasons = {}
    for line in pathlib.Path(__file__).with_name("duplicates.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, reason = line.split(maxsplit=1)
            reasons[name] = reason
    seen = set()
    for crate in crates:
        versions = {}
        for name, version in tree("-p", crate, "--all-features"):
            versions.setdefault(name, set()).add(version)
        for name, several in versions.items():
            if len(several) > 1:
                seen.add(name)
                if name not in reasons:
                    wrong.append(f"{crate}: {name} stands there as {', '.join(sorted(several))}; unify, or give a reason in .ci/duplicates.txt")
    wrong += [f".ci/duplicates.txt: {name} is no duplicate any more" for name in reasons if name not in seen]

    for crate in crates:
        if below := {name for name, _ in tree("-p", crate, "--all-features", "-e", "normal,build,dev")} & MEASURED:
            wrong.append(f"{crate}: {', '.join(sorted(below))} may stand below benches alone")
    for package in json.loads(cargo("metadata", "--format-version", "1", "--locked"))["packages"]:
        if package["name"] not in MEASURED and not licence_holds(package["license"] or ""):
            wrong.append(f"{package['name']} {package['version']}: licence {package['license']}")

    for line in wrong:
        print("wrong:", line)
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
