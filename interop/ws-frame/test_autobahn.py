"""The Autobahn cases (PyPI kosoku) that need no compression, against our echo server and our client.

Groups 12 and 13 are permessage-deflate. Every other case must be OK or INFORMATIONAL. A smoke runs groups 1 to 7 but for 6.
"""

import asyncio
import collections
import json
import pathlib
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from check import BIN, SMOKE, check, finish, report

CASES = [f"{group}.*" for group in ((1, 2, 3, 4, 5, 7) if SMOKE else (1, 2, 3, 4, 5, 6, 7, 9, 10))]
INCLUDE = [word for case in CASES for word in ("-i", case)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def listening(port):
    """Waits until somebody answers on the port."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


def index(out):
    """The suite's report, or None while it is missing or half written."""
    try:
        return json.loads((pathlib.Path(out) / "index.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def judge(mode, out):
    """One line for all cases, and the names of those that did not hold."""
    (cases,) = index(out).values()
    tally = collections.Counter()
    wrong = []
    for name, case in cases.items():
        for part in ("behavior", "behaviorClose"):
            if case[part] not in ("OK", "INFORMATIONAL"):
                wrong.append(f"{name} {part} {case[part]}")
        tally[case["behavior"]] += 1
    summary = f"{mode}: {len(cases)} cases, " + ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
    report(summary, "; ".join(wrong) or None)
    if len(cases) < (80 if SMOKE else 290):
        report(f"{mode}: enough cases", f"only {len(cases)}")


def stop(process):
    """Ends a process that may have ended by itself."""
    if process.returncode is None:
        process.kill()


async def kosoku(*arguments):
    return await asyncio.create_subprocess_exec("kosoku", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)


async def server_mode():
    port = free_port()
    server = await asyncio.create_subprocess_exec(f"{BIN}/examples/echo_server", f"127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        await listening(port)
        with tempfile.TemporaryDirectory() as out:
            client = await kosoku("-m", "fuzzingclient", "-p", "2", "-o", out, *INCLUDE, f"127.0.0.1:{port}")
            await client.wait()
            judge("our server", out)
    finally:
        stop(server)


async def client_mode():
    port = free_port()
    with tempfile.TemporaryDirectory() as out:
        server = await kosoku("-m", "fuzzingserver", "-o", out, *INCLUDE, f"127.0.0.1:{port}")
        try:
            await listening(port)
            client = await asyncio.create_subprocess_exec(f"{BIN}/examples/autobahn_client", f"ws://127.0.0.1:{port}")
            assert await client.wait() == 0, "our client failed"
            for _ in range(100):  # the report is written after the last connection has closed
                if index(out):
                    break
                await asyncio.sleep(0.1)
            judge("our client", out)
        finally:
            stop(server)


async def main():
    await check("Autobahn ran against our server", server_mode, 240)
    await check("Autobahn ran against our client", client_mode, 240)


asyncio.run(main())
finish()
