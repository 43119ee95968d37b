"""ASGI in small pieces: reading a body, answering JSON, dropping the connection."""

import asyncio
import base64
import binascii
import hmac
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import orjson
from starlette.responses import Response

from sandbox.errors import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Result = TypeVar("Result")

MAX_BODY = 256 * 1024
DROP = "sandbox.drop"  # where the server leaves the function that cuts the caller's connection


async def read_body(receive: Receive) -> bytes:
    """The whole request body; Problem 413 above 256 KiB."""
    raw = b""
    while True:
        message = await receive()
        raw += cast("bytes", message.get("body", b""))
        if len(raw) > MAX_BODY:
            raise Problem(413, "payload_too_large", "Тело запроса больше 256 КиБ")
        if not message.get("more_body"):
            return raw


async def answer(send: Send, status: int, body: object, headers: dict[str, str] | None = None) -> None:
    """Send `body` as JSON."""
    raw = orjson.dumps(body)
    lines = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
    lines += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": raw})


async def refuse(send: Send, problem: Problem) -> None:
    """Send `problem` in the envelope."""
    await answer(send, problem.code, problem.envelope(), problem.headers)


async def drop(scope: Scope, receive: Receive) -> None:
    """Cut the caller's connection and come back when it is gone: no byte of an answer is sent."""
    scope[DROP]()
    while (await receive())["type"] != "http.disconnect":
        pass


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first request header of that name (lower case)."""
    return next((value for key, value in scope["headers"] if key == name), None)


def basic_fits(sent: bytes | None, login: str, password: str) -> bool:
    """Whether an Authorization header carries exactly these Basic credentials."""
    scheme, _, value = (sent or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return False
    try:
        given = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(given, f"{login}:{password}".encode())


class Json(Response):
    """A Starlette answer made by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def apart(work: Callable[[], Result]) -> asyncio.Future[Result]:
    """Run blocking `work` in a daemon thread: neither the uploads nor the end of the process wait for it."""
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(done)
