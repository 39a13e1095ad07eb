#!/usr/bin/env bash
# tokio-tungstenite 0.30, tokio-websockets 0.13 and hyper 1.12, as servers and as clients: the tests of `ws-frame/tests/rust_peers.rs`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
code=0
out=$(cargo test -q --all-features --test rust_peers -- --format pretty 2>&1) || code=$?
sed -n 's/^test \(.*\) \.\.\. ok$/ok - \1/p; s/^test \(.*\) \.\.\. FAILED$/not ok - \1/p' <<<"$out" | tr _ ' '
[ "$code" -eq 0 ] || tail -40 <<<"$out" >&2
exit "$code"
