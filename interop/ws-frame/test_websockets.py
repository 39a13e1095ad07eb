"""WebSocket by Python `websockets`: a client of the showcase's rooms, and the server of our client."""

import asyncio
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import websockets
from check import BASE, BIN, TOKEN, check, finish

URL = BASE.replace("http", "ws", 1)


async def until(socket, kind):
    """The next message of a type."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), 5))
        if message["type"] == kind:
            return message


async def conversation():
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with websockets.connect(f"{URL}/ws/lobby", compression=None, additional_headers=headers) as one:
        async with websockets.connect(f"{URL}/ws/lobby", compression=None) as two:
            await until(one, "joined")
            await until(two, "joined")
            await one.send(json.dumps({"type": "message", "from": "python", "body": "ünïcode \U0001f980"}))
            assert (await until(two, "message"))["body"] == "ünïcode \U0001f980"
    assert one.close_code == 1000


async def create():
    async with websockets.connect(f"{URL}/ws/users?token={TOKEN}", compression=None) as socket:
        await until(socket, "joined")
        email = f"python-{time.time_ns()}@example.com"
        await socket.send(json.dumps({"type": "create_user", "name": "Python", "email": email, "ref": "r"}))
        assert (await until(socket, "user.created"))["user"]["email"] == email


async def fragments():
    async with websockets.connect(f"{URL}/ws/lobby?token={TOKEN}", compression=None) as socket:
        await until(socket, "joined")
        text = json.dumps({"type": "message", "from": "f", "body": "x" * 5000})
        await socket.send([text[i : i + 7] for i in range(0, len(text), 7)])
        assert (await until(socket, "message"))["body"] == "x" * 5000


async def latency():
    async with websockets.connect(f"{URL}/ws/lobby", compression=None) as socket:
        waiter = await socket.ping()
        assert await asyncio.wait_for(waiter, 5) < 1


async def wrong_version():
    # A handshake with a wrong version gets 426 and the version that we speak (RFC 6455 §4.4).
    reader, writer = await asyncio.open_connection(*BASE.removeprefix("http://").split(":"))
    writer.write(
        b"GET /ws/lobby HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n"
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    writer.close()
    assert head.startswith("http/1.1 426"), head
    assert "sec-websocket-version: 13" in head, head


async def our_client():
    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        child = await asyncio.create_subprocess_exec(
            f"{BIN}/examples/chat",
            f"ws://127.0.0.1:{port}/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate("one\ntwo ✓\n".encode())
        assert child.returncode == 0
        assert out.decode().split("\n") == ["one", "two ✓", ""], out


async def main():
    await check("two Python clients in a room hear each other", conversation)
    await check("create_user arrives in room users", create)
    await check("a message in many fragments", fragments)
    await check("ping is answered", latency)
    await check("a wrong version is answered 426 with ours", wrong_version)
    await check("our client against a websockets server", our_client)


asyncio.run(main())
finish()
