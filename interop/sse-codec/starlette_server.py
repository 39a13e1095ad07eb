"""Events 1, 2, … by sse-starlette, from behind Last-Event-ID on; 204 when there are none left.

Prints the port it listens on. Ends with its standard input."""

import asyncio
import logging
import os
import socket
import sys
import threading

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

LAST = int(sys.argv[1])


async def events(after):
    for number in range(after + 1, LAST + 1):
        yield ServerSentEvent(id=str(number), event="tick", data=f"{number} of {LAST}\nünïcode \U0001f980")
        if number % 7 == 0:
            yield ServerSentEvent(comment="a comment in between")


async def stream(request):
    after = int(request.headers.get("last-event-id", "0"))
    return EventSourceResponse(events(after)) if after < LAST else Response(status_code=204)


async def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=[Route("/events", stream)]), log_level="error"))
    await server.serve(sockets=[listener])


# It warns of each write to a connection that was cut, which is what happens here.
logging.getLogger("asyncio").setLevel(logging.ERROR)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
asyncio.run(main())
