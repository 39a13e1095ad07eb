"""gRPC by Python `grpcio`, with stubs that protoc made: the four kinds of call, and every way for one to end."""

import asyncio
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import grpc
import stubs
from check import BASE, PATIENCE, SMOKE, TOKEN, check, finish

stubs.make()
from octavo.users.v1 import users_pb2 as pb
from octavo.users.v1 import users_pb2_grpc as rpc

ADDRESS = BASE.removeprefix("http://")
AUTH = (("authorization", f"Bearer {TOKEN}"),)
serial = 0


def someone(**fields):
    global serial
    serial += 1
    return pb.CreateUserRequest(**{"name": "Grpcio", "email": f"grpcio-{time.time_ns()}-{serial}@example.com", **fields})


async def refusal(call, code):
    """Awaits a call that has to end with a code; gives its error."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"it did not end with {code}")


async def refused_bulk(wanted, code, metadata=AUTH):
    """The same for CreateUsersBulk, by the API without asyncio: that of asyncio takes a message that it cannot send any
    more, since the server has answered, for an error of its own."""

    def call():
        with grpc.insecure_channel(ADDRESS) as channel:
            rpc.UserServiceStub(channel).CreateUsersBulk(iter(wanted), metadata=metadata, timeout=PATIENCE)

    try:
        await asyncio.to_thread(call)
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"it did not end with {code}")


async def collect(call):
    return [message async for message in call]


async def main():
    async with grpc.aio.insecure_channel(ADDRESS) as channel:
        users = rpc.UserServiceStub(channel)
        await calls(channel, users)
    finish()


async def calls(channel, users):
    async def unary():
        user = await users.GetUser(pb.GetUserRequest(user_id="42"), timeout=PATIENCE)
        assert (user.id, user.name) == ("42", "Alice"), user
        assert 1_500_000_000_000 < user.created_at < 5_000_000_000_000

    async def server_streaming():
        found = await collect(users.ListUsers(pb.ListUsersRequest(limit=2), timeout=PATIENCE))
        assert len(found) == 2 and int(found[0].id) < int(found[1].id)
        rest = await collect(users.ListUsers(pb.ListUsersRequest(limit=100, offset=1), timeout=PATIENCE))
        assert rest[0] == found[1]

    async def client_streaming():
        wanted = [someone(name=f"Bulk {n}") for n in range(20)]
        created = await users.CreateUsersBulk(iter(wanted), metadata=AUTH, timeout=PATIENCE)
        assert [(u.name, u.email) for u in created.users] == [(u.name, u.email) for u in wanted]
        assert await users.GetUser(pb.GetUserRequest(user_id=created.users[7].id)) == created.users[7]

    async def bidi():
        call = users.Chat(metadata=AUTH, timeout=PATIENCE)
        for n in range(50):
            await call.write(pb.ChatMessage(room="grpcio", **{"from": "py"}, body=f"ünïcode \U0001f980 {n}"))
            heard = await call.read()
            assert (heard.room, heard.body) == ("grpcio", f"ünïcode \U0001f980 {n}"), heard
            assert abs(heard.sent_at / 1000 - time.time()) < 60
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() == grpc.StatusCode.OK

    async def two_in_a_room():
        one, two = users.Chat(metadata=AUTH, timeout=PATIENCE), users.Chat(metadata=AUTH, timeout=PATIENCE)
        for call in (one, two):
            await call.write(pb.ChatMessage(room="pair"))
            await call.initial_metadata()
        await one.write(pb.ChatMessage(body="from one"))
        await two.write(pb.ChatMessage(body="from two"))
        for call in (one, two):
            assert {(await call.read()).body for _ in range(2)} == {"from one", "from two"}
            call.cancel()

    async def watch():
        call = users.WatchUsers(pb.WatchUsersRequest(), timeout=PATIENCE)
        await asyncio.wait_for(call.initial_metadata(), PATIENCE)
        wanted = [someone(), someone()]
        created = await users.CreateUsersBulk(iter(wanted), metadata=AUTH, timeout=PATIENCE)
        for user in created.users:
            told = await call.read()
            while told.email not in {u.email for u in wanted}:
                told = await call.read()
            assert told == user
        call.cancel()

    async def metadata():
        # Names and values pass a server that does not know them, binary ones of every byte value too.
        more = (("x-text", "a, b"), ("x-bin", bytes(range(256))), ("x-bin", b""), ("x-bin", b"\x00"))
        call = users.GetUser(pb.GetUserRequest(user_id="42"), metadata=more, timeout=PATIENCE)
        assert (await call).id == "42"
        assert await call.code() == grpc.StatusCode.OK
        # And the ids of a call come back, from a refusal as well.
        ids = (("x-request-id", "r-1, r-2"), ("x-trace-bin", bytes(range(256))))
        call = users.GetUser(pb.GetUserRequest(user_id="42"), metadata=ids, timeout=PATIENCE)
        await call
        assert ("x-request-id", "r-1, r-2") in list(await call.initial_metadata())
        assert ("x-trace-bin", bytes(range(256))) in list(await call.trailing_metadata())
        error = await refusal(users.GetUser(pb.GetUserRequest(user_id="0"), metadata=ids), grpc.StatusCode.INVALID_ARGUMENT)
        assert ("x-trace-bin", bytes(range(256))) in list(error.trailing_metadata())

    async def statuses():
        error = await refusal(users.GetUser(pb.GetUserRequest(user_id="999999")), grpc.StatusCode.NOT_FOUND)
        assert "999999" in error.details()
        error = await refusal(users.GetUser(pb.GetUserRequest(user_id="ü")), grpc.StatusCode.INVALID_ARGUMENT)
        assert "user_id" in error.details()
        await refusal(collect(users.ListUsers(pb.ListUsersRequest(limit=101))), grpc.StatusCode.INVALID_ARGUMENT)
        error = await refused_bulk([someone(), someone(email="no")], grpc.StatusCode.INVALID_ARGUMENT)
        assert "message 2" in error.details() and "email" in error.details(), error.details()
        twice = someone()
        error = await refused_bulk([twice, twice], grpc.StatusCode.ALREADY_EXISTS)
        assert "message 2" in error.details(), error.details()
        # Nothing of a refused call stays: the first of the two can still be made.
        assert len((await users.CreateUsersBulk(iter([twice]), metadata=AUTH)).users) == 1

    async def token():
        for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", TOKEN),)):
            await refused_bulk([someone()], grpc.StatusCode.UNAUTHENTICATED, metadata)
            assert await users.Chat(metadata=metadata).code() == grpc.StatusCode.UNAUTHENTICATED

    async def unimplemented():
        for path in ("/octavo.users.v1.UserService/Nothing", "/octavo.users.v1.Nothing/GetUser", "/grpc.health.v1.Health/Check"):
            call = channel.unary_unary(path, lambda message: message, lambda data: data)
            await refusal(call(b""), grpc.StatusCode.UNIMPLEMENTED)

    async def deadline():
        call = users.WatchUsers(pb.WatchUsersRequest(), timeout=2)
        await call.initial_metadata()
        from_then = time.monotonic()
        await refusal(collect(call), grpc.StatusCode.DEADLINE_EXCEEDED)
        assert time.monotonic() - from_then < 20

    async def cancellation():
        call = users.WatchUsers(pb.WatchUsersRequest())
        await call.initial_metadata()
        call.cancel()
        assert await call.code() == grpc.StatusCode.CANCELLED
        # The connection lives on.
        assert (await users.GetUser(pb.GetUserRequest(user_id="42"), timeout=PATIENCE)).id == "42"

    async def many_cancelled():
        for _ in range(20 if SMOKE else 200):
            calls = [users.WatchUsers(pb.WatchUsersRequest()) for _ in range(10)]
            for call in calls:
                call.cancel()
        assert (await users.GetUser(pb.GetUserRequest(user_id="42"), timeout=PATIENCE)).id == "42"

    async def large():
        # 900 KB in one message, and 600 messages of which each comes back.
        error = await refusal(users.GetUser(pb.GetUserRequest(user_id="7" * 900_000), timeout=PATIENCE), grpc.StatusCode.INVALID_ARGUMENT)
        assert len(error.details()) < 5000
        call = users.Chat(metadata=AUTH, timeout=PATIENCE)
        count = 60 if SMOKE else 600

        async def say():
            for n in range(count):
                await call.write(pb.ChatMessage(room="large", body=f"{n} " + "x" * 15_000))

        saying = asyncio.create_task(say())
        for n in range(count):
            assert (await call.read()).body.startswith(f"{n} ")
        await saying
        await call.done_writing()
        assert await call.code() == grpc.StatusCode.OK

    async def too_large():
        call = users.GetUser(pb.GetUserRequest(user_id="7" * (1 << 20)), timeout=PATIENCE)
        await refusal(call, grpc.StatusCode.RESOURCE_EXHAUSTED)
        assert (await users.GetUser(pb.GetUserRequest(user_id="42"), timeout=PATIENCE)).id == "42"

    async def at_once():
        count = 200 if SMOKE else 2000
        found = await asyncio.gather(*(users.GetUser(pb.GetUserRequest(user_id="42"), timeout=PATIENCE) for _ in range(count)))
        assert len(found) == count and all(user.id == "42" for user in found)

    async def compressed():
        # A client that compresses is told that this is not understood, and not answered with garbage.
        async with grpc.aio.insecure_channel(ADDRESS, compression=grpc.Compression.Gzip) as gzip:
            other = rpc.UserServiceStub(gzip)
            await refusal(other.GetUser(pb.GetUserRequest(user_id="4" * 5000), timeout=PATIENCE), grpc.StatusCode.UNIMPLEMENTED)

    for name, run in [
        ("unary: GetUser", unary),
        ("server streaming: ListUsers", server_streaming),
        ("client streaming: CreateUsersBulk", client_streaming),
        ("bidirectional streaming: Chat, 50 messages to and fro", bidi),
        ("two callers hear each other in a room", two_in_a_room),
        ("WatchUsers answers at once and tells of each user once", watch),
        ("metadata, text and binary, both ways", metadata),
        ("NOT_FOUND, INVALID_ARGUMENT and ALREADY_EXISTS with their texts", statuses),
        ("without the token: UNAUTHENTICATED", token),
        ("unknown methods and services: UNIMPLEMENTED", unimplemented),
        ("a deadline ends an open stream", deadline),
        ("a call is cancelled and the connection lives on", cancellation),
        ("hundreds of cancelled calls do no harm", many_cancelled),
        ("large messages", large),
        ("a message over the limit: RESOURCE_EXHAUSTED", too_large),
        ("many calls on one connection at once", at_once),
        ("a compressed message: UNIMPLEMENTED", compressed),
    ]:
        await check(name, run)


asyncio.run(main())
