"""WebSocket over HTTP/2 (RFC 8441) frame by frame: Python `h2` for the streams and `wsproto` for what is on them."""

import asyncio
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from ours import SIZES, chat, chats, serving

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from check import check, finish
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate

ENABLE = h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL


class Http2:
    """One HTTP/2 connection: events of h2 in, bytes out, and DATA within the peer's window."""

    def __init__(self, reader, writer, client):
        self.reader, self.writer = reader, writer
        self.ended = set()
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client, header_encoding="utf-8"))

    async def start(self, settings=None):
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=self.h2.config.client_side, initial_values=settings)
        self.h2.initiate_connection()
        await self.flush()

    async def flush(self):
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def events(self):
        """What one read brings; what was DATA is given back as window at once."""
        data = await self.reader.read(65_536)
        if not data:
            raise ConnectionResetError("the connection ended")
        events = self.h2.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.StreamEnded):
                self.ended.add(event.stream_id)
            if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        await self.flush()
        return events

    async def send(self, stream, data, waiting):
        """Sends DATA as the window allows; events that come meanwhile go to `waiting`."""
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                waiting.extend(await self.events())
                continue
            self.h2.send_data(stream, data[:room])
            data = data[room:]
            await self.flush()


async def connect(port):
    http2 = Http2(*await asyncio.open_connection("127.0.0.1", port), client=True)
    await http2.start()
    while not any(isinstance(event, h2.events.RemoteSettingsChanged) for event in await http2.events()):
        pass
    assert http2.h2.remote_settings.enable_connect_protocol == 1
    return http2


async def extended_connect(http2, port, **change):
    """Sends extended CONNECT: the stream, the answer's fields, and the events behind it."""
    stream = http2.h2.get_next_available_stream_id()
    headers = {":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/version", ":authority": f"127.0.0.1:{port}"}
    headers |= {"sec-websocket-version": "13", "sec-websocket-protocol": "other, echo"}
    headers |= {name.replace("_", "-"): value for name, value in change.items()}
    http2.h2.send_headers(stream, [pair for pair in headers.items() if pair[1] is not None])
    await http2.flush()
    while True:
        events = await http2.events()
        for at, event in enumerate(events):
            if isinstance(event, h2.events.ResponseReceived) and event.stream_id == stream:
                return stream, dict(event.headers), events[at + 1 :]


async def client(deflate):
    async with serving() as port:
        http2 = await connect(port)
        compression = PerMessageDeflate()
        offer = {"sec_websocket_extensions": f"{compression.name}; {compression.offer()}"} if deflate else {}
        stream, answer, waiting = await extended_connect(http2, port, **offer)
        assert answer[":status"] == "200" and answer["sec-websocket-protocol"] == "echo", answer
        assert "sec-websocket-accept" not in answer and "upgrade" not in answer
        assert ("sec-websocket-extensions" in answer) == deflate, answer
        if deflate:
            compression.finalize(answer["sec-websocket-extensions"])
        ws = Connection(ConnectionType.CLIENT, [compression] if deflate else [])

        async def receive(kind):
            """The next whole message of a kind, its parts joined."""
            parts = []
            while True:
                while waiting:
                    event = waiting.pop(0)
                    if isinstance(event, h2.events.DataReceived):
                        ws.receive_data(event.data)
                for event in ws.events():
                    if isinstance(event, kind):
                        if not isinstance(event, (TextMessage, BytesMessage)):
                            return event
                        parts.append(event.data)
                        if event.message_finished:
                            return parts[0][:0].join(parts)
                waiting.extend(await http2.events())

        assert await receive(TextMessage) == "HTTP/2.0"
        for size in SIZES:
            await http2.send(stream, ws.send(BytesMessage(data=bytes(size))), waiting)
            assert await receive(BytesMessage) == bytes(size)
        text = "ünïcode \U0001f980"
        for piece in text:
            await http2.send(stream, ws.send(TextMessage(data=piece, message_finished=False)), waiting)
        await http2.send(stream, ws.send(TextMessage(data="", message_finished=True)), waiting)
        assert await receive(TextMessage) == text
        await http2.send(stream, ws.send(Ping(payload=b"are you there")), waiting)
        assert (await receive(Pong)).payload == b"are you there"
        await http2.send(stream, ws.send(CloseConnection(code=4321, reason="done")), waiting)
        assert (await receive(CloseConnection)).code == 4321
        # END_STREAM is the orderly end (RFC 8441 §5), and the server, which was asked, ends first.
        while stream not in http2.ended:
            await http2.events()
        with contextlib.suppress(h2.exceptions.StreamClosedError):  # the server resets what it needs no more (RFC 9113 §8.1)
            http2.h2.end_stream(stream)
        await http2.flush()
        # The connection is good for another one.
        _, answer, _ = await extended_connect(http2, port)
        assert answer[":status"] == "200"
        http2.writer.close()


async def refusals():
    async with serving() as port:
        for change, status in (
            ({":protocol": "connect-udp"}, "501"),
            ({"sec_websocket_version": "12"}, "426"),
            ({"sec_websocket_version": None}, "426"),
            ({":path": "/private"}, "401"),
            ({"sec_websocket_protocol": "a b"}, "400"),
            ({"sec_websocket_key": "not looked at"}, "200"),
        ):
            http2 = await connect(port)
            _, answer, _ = await extended_connect(http2, port, **change)
            assert answer[":status"] == status, (change, answer)
            if status == "426":
                assert answer["sec-websocket-version"] == "13", answer
            http2.writer.close()


async def violation():
    """A frame that is not masked is answered with Close 1002 on its stream alone."""
    async with serving() as port:
        http2 = await connect(port)
        stream, _, waiting = await extended_connect(http2, port)
        ws = Connection(ConnectionType.CLIENT)
        await http2.send(stream, b"\x81\x02hi", waiting)
        closed = None
        while closed is None:
            for event in waiting:
                if isinstance(event, h2.events.DataReceived):
                    ws.receive_data(event.data)
            waiting.clear()
            closed = next((event for event in ws.events() if isinstance(event, CloseConnection)), None)
            if closed is None:
                waiting.extend(await http2.events())
        assert closed.code == 1002, closed
        _, answer, _ = await extended_connect(http2, port)
        assert answer[":status"] == "200"
        http2.writer.close()


async def serve_one(reader, writer, allow, seen):
    """A server of one HTTP/2 connection that echoes on every stream."""
    http2 = Http2(reader, writer, client=False)
    await http2.start({ENABLE: 1, h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100} if allow else None)
    sockets, waiting = {}, []
    try:
        while True:
            waiting.extend(await http2.events())
            while waiting:
                event = waiting.pop(0)
                if isinstance(event, h2.events.RequestReceived):
                    headers = dict(event.headers)
                    seen.append(headers)
                    answer, extensions = [(":status", "200")], []
                    if "sec-websocket-extensions" in headers:
                        extensions = [PerMessageDeflate()]
                        answer.append(("sec-websocket-extensions", f"permessage-deflate; {extensions[0].accept(headers['sec-websocket-extensions'])}".rstrip("; ")))
                    http2.h2.send_headers(event.stream_id, answer)
                    sockets[event.stream_id] = (Connection(ConnectionType.SERVER, extensions), [])
                elif isinstance(event, h2.events.DataReceived) and event.stream_id in sockets:
                    ws, parts = sockets[event.stream_id]
                    ws.receive_data(event.data)
                    for what in ws.events():
                        reply = b""
                        if isinstance(what, TextMessage):
                            parts.append(what.data)
                            if what.message_finished:
                                reply = ws.send(TextMessage(data="".join(parts)))
                                parts.clear()
                        elif isinstance(what, (Ping, CloseConnection)):
                            reply = ws.send(what.response())
                        await http2.send(event.stream_id, reply, waiting)
                        if isinstance(what, CloseConnection):
                            http2.h2.end_stream(event.stream_id)
                            del sockets[event.stream_id]
            await http2.flush()
    except (ConnectionError, h2.exceptions.ProtocolError):  # the latter when what comes is HTTP/1.1
        writer.close()


async def server(deflate):
    seen = []
    listener = await asyncio.start_server(lambda r, w: serve_one(r, w, True, seen), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    await chats(f"ws://127.0.0.1:{port}/chat?room=1", "--http2", version="HTTP/2", deflate=deflate)
    (headers,) = seen
    assert headers[":method"] == "CONNECT" and headers[":protocol"] == "websocket", headers
    assert headers[":path"] == "/chat?room=1" and headers[":scheme"] == "http", headers
    assert headers["sec-websocket-version"] == "13" and "sec-websocket-key" not in headers, headers
    listener.close()


async def server_without_the_setting():
    """Our client asks for SETTINGS, sees nothing in them, and sends no CONNECT."""
    seen = []
    listener = await asyncio.start_server(lambda r, w: serve_one(r, w, False, seen), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    _, _, code = await chat(f"ws://127.0.0.1:{port}/", "--http2", lines=[])
    assert code != 0 and seen == [], (code, seen)
    listener.close()


async def main():
    await check("wsproto on h2 frame by frame, and our server", lambda: client(False))
    await check("wsproto on h2 frame by frame, and our server, with deflate", lambda: client(True))
    await check("refusals over h2", refusals)
    await check("a violation on one stream leaves the connection", violation)
    await check("our client, and wsproto on h2 as server", lambda: server(False))
    await check("our client, and wsproto on h2 as server, with deflate", lambda: server(True))
    await check("no CONNECT is sent to an h2 server without the setting", server_without_the_setting)


asyncio.run(main())
finish()
