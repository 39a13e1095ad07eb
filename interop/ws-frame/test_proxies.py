"""Proxies between the two ends: haproxy and nginx, with our server behind them, and peers and our client before them.

haproxy also translates: HTTP/1.1 before it and HTTP/2 behind it, and the other way about (RFC 8441).
"""

import asyncio
import contextlib
import pathlib
import shutil
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from ours import SIZES, chats, serving

import websockets
from check import check, finish

HAPROXY = """
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend h1
    bind 127.0.0.1:{h1}
    default_backend to_h1
frontend h1_to_h2
    bind 127.0.0.1:{h1_to_h2}
    default_backend to_h2
frontend h2_to_h1
    bind 127.0.0.1:{h2_to_h1} proto h2
    default_backend to_h1
frontend h2
    bind 127.0.0.1:{h2} proto h2
    default_backend to_h2
backend to_h1
    server ours 127.0.0.1:{ours}
backend to_h2
    server ours 127.0.0.1:{ours} proto h2 ws h2
"""

NGINX = """
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{h1};
        location / {{
            proxy_pass http://127.0.0.1:{ours};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""


def free_ports(count):
    """Ports that were free a moment ago, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.asynccontextmanager
async def proxy(command, config, **ports):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "config"
        file.write_text(config.format(folder=folder, **ports))
        found = shutil.which(command[0], path="/usr/sbin:/usr/local/sbin:/usr/bin")
        log = pathlib.Path(folder) / "log"
        with log.open("w") as output:
            process = await asyncio.create_subprocess_exec(found, *(word.format(file=file) for word in command[1:]), stdout=output, stderr=output)
        try:
            for _ in range(600):
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", ports["h1"])
                    writer.close()
                    break
                except OSError:
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.1)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def peer(port, version="HTTP/1.1", compression=None):
    """A Python client through a proxy to our server."""
    async with websockets.connect(f"ws://127.0.0.1:{port}/version", subprotocols=["echo"], compression=compression, max_size=None) as ws:
        assert bool(ws.protocol.extensions) == bool(compression)
        assert ws.subprotocol == "echo"
        assert await ws.recv() == version
        for size in SIZES:
            await ws.send(bytes(size))
            assert await ws.recv() == bytes(size)
        await (await ws.ping())
        await ws.close(4321, "done")
        assert ws.close_code == 4321


async def through_haproxy():
    async with serving() as ours:
        h1, h1_to_h2, h2_to_h1, h2 = free_ports(4)
        ports = {"h1": h1, "h1_to_h2": h1_to_h2, "h2_to_h1": h2_to_h1, "h2": h2, "ours": ours}
        async with proxy(["haproxy", "-db", "-f", "{file}"], HAPROXY, **ports):
            await check("a peer through haproxy to our server", lambda: peer(h1))
            await check("a peer through haproxy to our server, with deflate", lambda: peer(h1, compression="deflate"))
            await check("a peer through haproxy, which speaks HTTP/2 to our server", lambda: peer(h1_to_h2, "HTTP/2.0"))
            url = "ws://127.0.0.1:{}/".format
            await check("our client through haproxy", lambda: chats(url(h1)))
            await check("our client through haproxy to HTTP/2", lambda: chats(url(h1_to_h2)))
            await check("our client over HTTP/2 through haproxy to HTTP/1.1", lambda: chats(url(h2_to_h1), "--http2", version="HTTP/2"))
            await check("our client over HTTP/2 through haproxy to HTTP/2", lambda: chats(url(h2), "--http2", version="HTTP/2"))
            await check("the same with deflate", lambda: chats(url(h2), "--http2", version="HTTP/2", deflate=True))


async def through_nginx():
    async with serving() as ours:
        (h1,) = free_ports(1)
        async with proxy(["nginx", "-c", "{file}", "-g", "daemon off;"], NGINX, h1=h1, ours=ours):
            await check("a peer through nginx to our server", lambda: peer(h1))
            await check("a peer through nginx to our server, with deflate", lambda: peer(h1, compression="deflate"))
            for deflate in (False, True):
                await check(f"our client through nginx{', with deflate' * deflate}", lambda: chats(f"ws://127.0.0.1:{h1}/", deflate=deflate))


async def main():
    await through_haproxy()
    await through_nginx()


asyncio.run(main())
finish()
