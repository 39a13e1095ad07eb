"""Our programs (the crate's examples), started and spoken to by a driver."""

import asyncio
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from check import EXAMPLES, PATIENCE

LINES = ["hi", "longer than four ✓ 𝄞", "x" * 70_000, ""]
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 300_000)


@contextlib.asynccontextmanager
async def serving(program="hyper_server", *arguments):
    """The port of a server of ours."""
    server = await asyncio.create_subprocess_exec(
        f"{EXAMPLES}/{program}", "127.0.0.1:0", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        line = await asyncio.wait_for(server.stdout.readline(), PATIENCE)
        yield int(line.decode().rsplit(":", 1)[1])
    finally:
        server.kill()
        await server.wait()


async def chat(url, *options, lines=LINES):
    """Our client: what it printed for these lines, what it said about itself, and its exit code."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
    client = await asyncio.create_subprocess_exec(f"{EXAMPLES}/chat", url, *options, **pipes, limit=1 << 22)
    client.stdin.write("".join(f"{line}\n" for line in lines).encode())

    async def conversation():
        # It closes where its input ends, and a peer may drop what it had not sent when our Close came: so that is last.
        out = []
        while len(out) < len(lines) and (line := await client.stdout.readline()):
            out.append(line.decode().removesuffix("\n"))
        more, err = await client.communicate(b"")  # and closes its input
        return out + more.decode().split("\n")[:-1], err.decode()

    out, err = await asyncio.wait_for(conversation(), PATIENCE)
    return out, err, client.returncode


async def chats(url, *options, version="HTTP/1.1", deflate=False):
    """Our client says its lines, and hears them again; whether they are compressed is as it should be."""
    if deflate:
        options += ("--deflate",)
    out, err, code = await chat(url, *options)
    assert code == 0, err
    assert out == LINES, out
    assert f"open over {version}" in err, err
    assert ("extensions permessage-deflate" in err) == deflate, err
