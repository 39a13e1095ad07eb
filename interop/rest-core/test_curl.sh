#!/usr/bin/env bash
# REST by curl: its own conditional requests, HTTP/2 by prior knowledge, Expect: 100-continue.
set -uo pipefail
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0
AUTH="Authorization: Bearer $OCTAVO_TOKEN"
same() { # same NAME WANTED GOT
    if [ "$2" = "$3" ]; then echo "ok - $1"; else echo "not ok - $1: wanted $2, got $3"; FAILED=1; fi
}
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@"; }

curl -s --etag-save "$WORK/etag" -o "$WORK/body" "$OCTAVO_BASE/users/42"
same "--etag-compare is answered 304" 304 "$(code --etag-compare "$WORK/etag" "$OCTAVO_BASE/users/42")"
curl -s -R -o "$WORK/dated" "$OCTAVO_BASE/users/42"
same "--time-cond is answered 304" 304 "$(code -z "$WORK/dated" "$OCTAVO_BASE/users/42")"
same "--head" 200 "$(code -I "$OCTAVO_BASE/users/42")"
same "HTTP/2 by prior knowledge" "200 2" "$(curl -s -o /dev/null -w '%{http_code} %{http_version}' --http2-prior-knowledge "$OCTAVO_BASE/users/42")"
same "Expect: 100-continue" 201 "$(code -H "$AUTH" -H 'Expect: 100-continue' --json "{\"name\":\"Curl\",\"email\":\"curl-$$-$RANDOM@example.com\"}" "$OCTAVO_BASE/users")"
printf '{"name":"Chunked","email":"chunk-%s-%s@example.com"}' "$$" "$RANDOM" >"$WORK/chunk"
same "a chunked request body" 201 "$(code -H "$AUTH" -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --data-binary @"$WORK/chunk" "$OCTAVO_BASE/users")"
head -c 1100000 /dev/zero >"$WORK/large"
same "a chunked body past the limit" 413 "$(code -H "$AUTH" -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary @"$WORK/large" "$OCTAVO_BASE/users")"
same "an unknown path" 404 "$(code "$OCTAVO_BASE/nowhere")"
same "an unknown method" 501 "$(code -X BREW "$OCTAVO_BASE/users/42")"
same "a wrong method" 405 "$(code -X DELETE "$OCTAVO_BASE/users")"
same "the console" "200 text/html; charset=utf-8" "$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "$OCTAVO_BASE/")"
exit $FAILED
