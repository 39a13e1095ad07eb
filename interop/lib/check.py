"""What every Python driver shares: named checks, one line each, and the service's address from the environment."""

import asyncio
import os
import sys
import traceback

BASE = os.environ["OCTAVO_BASE"]
TOKEN = os.environ["OCTAVO_TOKEN"]
EXAMPLES = os.environ["OCTAVO_EXAMPLES"]
SMOKE = os.environ.get("OCTAVO_SMOKE") == "1"
failed = 0

# How many seconds to wait for what should come at once: enough for a machine that is busy with other things.
PATIENCE = 120


def report(name, problem=None):
    """One line for one check."""
    global failed
    if problem is None:
        print(f"ok - {name}", flush=True)
    else:
        failed += 1
        print(f"not ok - {name}: {problem}", flush=True)


async def check(name, run, seconds=PATIENCE):
    """Awaits `run()` within a deadline."""
    try:
        await asyncio.wait_for(run(), seconds)
        report(name)
    except Exception:
        report(name, " | ".join(traceback.format_exc().splitlines()[-4:]))


def check_now(name, run):
    """Runs what does not wait."""
    try:
        run()
        report(name)
    except Exception:
        report(name, " | ".join(traceback.format_exc().splitlines()[-4:]))


def finish():
    """Ends the driver."""
    sys.exit(1 if failed else 0)
