"""The Autobahn cases (PyPI kosoku) against our echo server and our client, both with permessage-deflate."""

import asyncio
import collections
import json
import pathlib
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from check import EXAMPLES, check, report


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def listening(port):
    """Waits until somebody answers on the port."""
    for _ in range(1200):
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


def judge(mode, out, expected):
    """One line for all cases, with the tally of the report, and the names of those that did not hold."""
    (cases,) = index(out).values()
    tally = collections.Counter({"OK": 0, "INFORMATIONAL": 0, "NON-STRICT": 0, "UNIMPLEMENTED": 0, "FAILED": 0})
    wrong = []
    for name, case in cases.items():
        for part in ("behavior", "behaviorClose"):
            if case[part] not in ("OK", "INFORMATIONAL"):
                told = json.loads((pathlib.Path(out) / case["reportfile"]).read_text())
                wrong.append(f"{name} {part} {case[part]} ({told['result']} {told['resultClose']})")
        tally[case["behavior"]] += 1
    if len(cases) != expected:
        wrong.append(f"{expected} cases were expected")
    summary = f"{mode}: {len(cases)} cases, " + ", ".join(f"{count} {what}" for what, count in tally.items())
    report(summary, "; ".join(wrong) or None)


def stop(process):
    """Ends a process that may have ended by itself."""
    if process.returncode is None:
        process.kill()


async def kosoku(*arguments):
    return await asyncio.create_subprocess_exec("kosoku", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)


async def server_mode(include, expected):
    port = free_port()
    server = await asyncio.create_subprocess_exec(f"{EXAMPLES}/echo_server", f"127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        await listening(port)
        with tempfile.TemporaryDirectory() as out:
            client = await kosoku("-m", "fuzzingclient", "-p", "2", "-o", out, *include, f"127.0.0.1:{port}")
            try:
                await client.wait()
            finally:
                stop(client)
            judge("our server", out, expected)
    finally:
        stop(server)


async def client_mode(include, expected):
    """Our client asks for the number of cases, runs each, and asks for the report."""
    port = free_port()
    with tempfile.TemporaryDirectory() as out:
        server = await kosoku("-m", "fuzzingserver", "-o", out, *include, f"127.0.0.1:{port}")
        try:
            await listening(port)
            client = await asyncio.create_subprocess_exec(f"{EXAMPLES}/autobahn_client", f"ws://127.0.0.1:{port}")
            try:
                assert await client.wait() == 0, "our client failed"
            finally:
                stop(client)
            for _ in range(600):  # the report is written after the last connection has closed
                if index(out):
                    break
                await asyncio.sleep(0.1)
            judge("our client", out, expected)
        finally:
            stop(server)


async def run(cases, expected, seconds):
    """Both modes, of the cases that the patterns name; all without one."""
    include = [word for case in cases for word in ("-i", case)]
    await check("Autobahn ran against our server", lambda: server_mode(include, expected), seconds)
    await check("Autobahn ran against our client", lambda: client_mode(include, expected), seconds)
