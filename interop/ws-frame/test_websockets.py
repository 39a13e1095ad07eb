"""WebSocket by Python `websockets`: a client of the showcase's rooms, and the server of our client."""

import asyncio
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from ours import SIZES, chats, serving

import websockets
from check import BASE, PATIENCE, TOKEN, check, finish

URL = BASE.replace("http", "ws", 1)


async def until(socket, kind):
    """The next message of a type."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
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
        await asyncio.wait_for(waiter, PATIENCE)


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


async def our_client(compression):
    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, compression=compression, max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        await chats(f"ws://127.0.0.1:{port}/", deflate=bool(compression))


async def our_server(compression):
    async with serving() as port:
        async with websockets.connect(f"ws://127.0.0.1:{port}/version", subprotocols=["echo"], compression=compression, max_size=None) as ws:
            assert ws.subprotocol == "echo" and bool(ws.protocol.extensions) == bool(compression)
            assert await ws.recv() == "HTTP/1.1"
            for size in SIZES:
                for message in ("é" * size, bytes(size)):
                    await ws.send(message)
                    assert await ws.recv() == message
            await ws.send(["in ", "many ", "fragments"])
            assert await ws.recv() == "in many fragments"
            await ws.close(4321, "done")
        assert ws.close_code == 4321


async def room_with_deflate():
    async with websockets.connect(f"{URL}/ws/lobby?token={TOKEN}", compression="deflate") as socket:
        assert socket.protocol.extensions
        await until(socket, "joined")
        for body in ("short", "a body that repeats itself, " * 200):
            await socket.send(json.dumps({"type": "message", "from": "deflate", "body": body}))
            assert (await until(socket, "message"))["body"] == body


async def main():
    await check("two Python clients in a room hear each other", conversation)
    await check("create_user arrives in room users", create)
    await check("a message in many fragments", fragments)
    await check("ping is answered", latency)
    await check("a wrong version is answered 426 with ours", wrong_version)
    await check("a room with deflate", room_with_deflate)
    for compression in (None, "deflate"):
        how = ", with deflate" if compression else ""
        await check(f"our client against a websockets server{how}", lambda: our_client(compression))
        await check(f"a websockets client against our server{how}", lambda: our_server(compression))


asyncio.run(main())
finish()
