"""Our client against a `grpcio` server: `grpc_calls` of the showcase's examples prints what it saw, one JSON line a call."""

import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import grpc
import stubs
from check import EXAMPLES, PATIENCE, check, finish

stubs.make()
from octavo.users.v1 import users_pb2 as pb
from octavo.users.v1 import users_pb2_grpc as rpc

EVERY_BYTE = bytes(range(256))


class Users(rpc.UserServiceServicer):
    """Answers from what it is asked, and notes what it was sent."""

    def __init__(self):
        self.seen = {}
        self.cancelled = asyncio.Event()

    async def GetUser(self, request, context):
        self.seen = {key: value for key, value in context.invocation_metadata()}
        self.remaining = context.time_remaining()
        if request.user_id == "slow":
            await asyncio.sleep(30)
        if request.user_id == "gone":
            context.set_trailing_metadata((("x-why-bin", b"\xff\x00"),))
            await context.abort(grpc.StatusCode.NOT_FOUND, "nobody: 100% ünïcode \U0001f980\n")
        if request.user_id == "large":
            return pb.User(id="x" * 3_000_000)
        if request.user_id == "too large":
            return pb.User(id="x" * 5_000_000)
        if request.user_id == "broken":
            raise ValueError("a server that fails")
        await context.send_initial_metadata((("x-head", "a, b"), ("x-head-bin", EVERY_BYTE)))
        context.set_trailing_metadata((("x-trail", "t"), ("x-trail-bin", EVERY_BYTE)))
        return pb.User(id=request.user_id, name="Python ünïcode \U0001f980", created_at=-1)

    async def ListUsers(self, request, context):
        for n in range(request.limit):
            yield pb.User(id=str(n), name="x" * request.offset)
        if request.limit == 3:
            await context.abort(grpc.StatusCode.DATA_LOSS, "after three")

    async def CreateUsersBulk(self, requests, context):
        users = [pb.User(id=str(n), name=request.name) async for n, request in _enumerate(requests)]
        return pb.UserList(users=users)

    async def Chat(self, requests, context):
        async for message in requests:
            yield message

    async def WatchUsers(self, request, context):
        try:
            yield pb.User(id="first")
            await asyncio.sleep(30)
        finally:
            self.cancelled.set()


async def _enumerate(items):
    n = 0
    async for item in items:
        yield n, item
        n += 1


async def main():
    users = Users()
    server = grpc.aio.server()
    rpc.add_UserServiceServicer_to_server(users, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    program = await asyncio.create_subprocess_exec(
        f"{EXAMPLES}/grpc_calls", f"127.0.0.1:{port}", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )

    async def call(name):
        """Has the program make a call; gives what it saw."""
        program.stdin.write(f"{name}\n".encode())
        await program.stdin.drain()
        line = await asyncio.wait_for(program.stdout.readline(), PATIENCE)
        assert line, "the program died"
        return json.loads(line)

    async def unary():
        saw = await call("unary")
        assert saw["user"] == {"id": "7", "name": "Python ünïcode \U0001f980", "created_at": -1}, saw
        assert saw["head"] == ["a, b", EVERY_BYTE.hex()], saw
        assert saw["trailers"] == ["t", EVERY_BYTE.hex()], saw
        assert users.seen["x-text"] == "plain" and users.seen["x-any-bin"] == EVERY_BYTE, users.seen

    async def server_streaming():
        saw = await call("server_streaming")
        assert saw["ids"] == [str(n) for n in range(2000)], saw

    async def server_streaming_that_fails():
        saw = await call("server_streaming_that_fails")
        assert (saw["messages"], saw["code"], saw["message"]) == (3, "DATA_LOSS", "after three"), saw

    async def client_streaming():
        saw = await call("client_streaming")
        assert saw["names"] == [f"n{n}" for n in range(2000)], saw

    async def bidi():
        saw = await call("bidi")
        assert saw["bodies"] == [f"b{n}" for n in range(200)], saw

    async def status():
        saw = await call("status")
        assert (saw["code"], saw["message"]) == ("NOT_FOUND", "nobody: 100% ünïcode \U0001f980\n"), saw
        assert saw["why"] == "ff00", saw

    async def failure():
        saw = await call("failure")
        assert saw["code"] == "UNKNOWN", saw

    async def unimplemented():
        saw = await call("unimplemented")
        assert saw["code"] == "UNIMPLEMENTED", saw

    async def deadline():
        saw = await call("deadline")
        assert saw["code"] == "DEADLINE_EXCEEDED" and saw["after_ms"] < 20_000, saw
        # The server was told of it too.
        assert 0 < users.remaining < 2.1, users.remaining

    async def cancellation():
        saw = await call("cancellation")
        assert saw["id"] == "first", saw
        await asyncio.wait_for(users.cancelled.wait(), PATIENCE)

    async def large():
        saw = await call("large")
        assert saw["length"] == 3_000_000, saw

    async def too_large():
        saw = await call("too_large")
        assert saw["code"] == "RESOURCE_EXHAUSTED", saw

    async def at_once():
        saw = await call("at_once")
        assert saw["answers"] == 500, saw

    for name, run in [
        ("unary with metadata both ways", unary),
        ("server streaming, 2,000 messages", server_streaming),
        ("server streaming that ends with an error", server_streaming_that_fails),
        ("client streaming, 2,000 messages", client_streaming),
        ("bidirectional streaming, 200 messages to and fro", bidi),
        ("a status with an ünïcode text and binary metadata", status),
        ("a server that fails: UNKNOWN", failure),
        ("a method that the server lacks: UNIMPLEMENTED", unimplemented),
        ("a deadline, which the server hears of", deadline),
        ("cancelling reaches the server", cancellation),
        ("a large answer", large),
        ("an answer over the limit: RESOURCE_EXHAUSTED", too_large),
        ("500 calls on one connection at once", at_once),
    ]:
        await check(f"our client: {name}", run)
    program.stdin.close()
    await program.wait()
    await server.stop(0)
    finish()


asyncio.run(main())
