"""WebSocket by Python `aiohttp`, as client and as server."""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from ours import SIZES, chats, serving

import aiohttp
from aiohttp import web
from check import PATIENCE, check, finish


async def client(bits):
    async with serving() as port, aiohttp.ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/version", protocols=("echo",), max_msg_size=0, compress=bits) as ws:
            assert ws.protocol == "echo"
            assert bool(ws.compress) == bool(bits), ws.compress
            assert await ws.receive_str(timeout=PATIENCE) == "HTTP/1.1"
            for size in SIZES:
                await ws.send_bytes(bytes(size))
                assert await ws.receive_bytes(timeout=PATIENCE) == bytes(size)
                await ws.send_str("é" * size)
                assert await ws.receive_str(timeout=PATIENCE) == "é" * size
            await ws.ping(b"p")
            await ws.close(code=4321, message=b"done")
            assert ws.close_code == 4321


async def refused():
    async with serving() as port, aiohttp.ClientSession() as session:
        for headers, status in (({}, 401), ({"Authorization": "Bearer abc123"}, 101)):
            try:
                async with session.ws_connect(f"http://127.0.0.1:{port}/private", headers=headers) as ws:
                    await ws.close()
                    got = 101
            except aiohttp.WSServerHandshakeError as error:
                got = error.status
                assert error.headers["www-authenticate"] == "Bearer"
            assert got == status, got


async def server(deflate):
    closes = []

    async def echo(request):
        ws = web.WebSocketResponse(max_msg_size=0, compress=deflate)
        await ws.prepare(request)
        async for message in ws:
            if message.type == aiohttp.WSMsgType.TEXT:
                await ws.send_str(message.data)
        closes.append(ws.close_code)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    await chats(f"ws://127.0.0.1:{port}/", deflate=deflate)
    await runner.cleanup()
    assert closes == [1000], closes


async def main():
    await check("an aiohttp client and our server", lambda: client(0))
    await check("an aiohttp client and our server, with deflate", lambda: client(15))
    await check("a 401 and a token by aiohttp", refused)
    await check("our client and an aiohttp server", lambda: server(False))
    await check("our client and an aiohttp server, with deflate", lambda: server(True))


asyncio.run(main())
finish()
