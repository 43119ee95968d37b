"""The process: a socket, uvicorn on it, and an end that waits for nobody."""

import asyncio
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.wire import DROP, App, Receive, Scope, Send


class Connection(HttpToolsProtocol):
    """A connection whose app finds in the scope a function that cuts it, which ASGI itself has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inside: App = self.app

        async def with_scissors(scope: Scope, receive: Receive, send: Send) -> None:
            scope[DROP] = transport.abort
            await inside(scope, receive, send)

        self.app = with_scissors


class Server(uvicorn.Server):
    """Ends at once: answers under way are cut off, as they are when a machine dies."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening; the loop's end cancels what is under way."""
        for server in self.servers:
            server.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError when the address is taken or not ours. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP: asyncio switches Nagle's algorithm off only then, and with it on an answer takes 44 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError:
        sock.close()
        raise
    return sock


def serve(app: Any, sock: socket.socket) -> None:
    """Serve `app` on `sock` until SIGTERM or SIGINT, and say on standard output where."""
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"sandbox: http://{shown}:{port}/\n")
    sys.stdout.flush()
    # No log of uvicorn's: an access line carries polis numbers, and our own lines name what failed.
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        access_log=False,
        loop="asyncio",
        log_config=None,
        log_level="critical",
    )
    Server(config).run(sockets=[sock])
