# Shared by .ci/run and .ci/full: named steps, and where the time went.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=none
# The crates of the family: every member folder at the top that is a library of its own.
CRATES=$(sed -n 's/^members = \[\(.*\)\]/\1/p' Cargo.toml | tr -d '",' | tr ' ' '\n' | grep -vE '/|^(benches|docs|examples)$')
NO_STD_CRATES="sse-codec webhook-sig ws-frame"
TIMES=()
STARTED=$SECONDS

step() { # step NAME COMMAND…: runs it, remembers its time, ends the run where it fails
    local name=$1 from=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if ! "$@"; then
        TIMES+=("$(printf '%5d s  %s  (failed)' $((SECONDS - from)) "$name")")
        report
        printf '\nfailed: %s\n' "$name" >&2
        exit 1
    fi
    TIMES+=("$(printf '%5d s  %s' $((SECONDS - from)) "$name")")
}

report() {
    printf '\n== where the time went\n'
    printf '%s\n' "${TIMES[@]}"
    printf '%5d s  in all\n' $((SECONDS - STARTED))
}

# crate_of PATH: the crate that a changed file belongs to, or nothing.
crate_of() {
    local top=${1%%/*} crate rest
    for crate in $CRATES; do
        [ "$top" = "$crate" ] && echo "$crate" && return
        case "$1" in interop/"$crate"/*) echo "$crate" && return ;; esac
        # fuzz/fuzz_targets/sse_parse.rs is sse-codec's: targets begin with the crate name's first word.
        rest=${1#fuzz/fuzz_targets/}
        [ "$rest" != "$1" ] && [ "${rest%%_*}" = "${crate%%-*}" ] && echo "$crate" && return
    done
    return 0
}

# changed_crates: crates with a file that changed since the newest commit that is more than four hours old (all, if there is
# none), and the crates that depend on one of them.
changed_crates() {
    local base file changed=""
    base=$(git rev-list -1 --before='4 hours ago' HEAD 2>/dev/null || true)
    if [ -z "$base" ]; then
        echo "$CRATES"
        return
    fi
    changed=$({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } | while read -r file; do crate_of "$file"; done | sort -u)
    for crate in $CRATES; do
        if grep -qx "$crate" <<<"$changed" ||
            cargo tree -q -p "$crate" --all-features -e normal --prefix none 2>/dev/null | awk '{print $1}' | sort -u | grep -qxF "$(printf '%s\n' $changed)" && [ -n "$changed" ]; then
            echo "$crate"
        fi
    done
}
