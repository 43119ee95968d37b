"""Asking other servers over HTTP with bounds: so long in all, so much of an answer, whatever they do."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

MEBIBYTE = 2**20
_PIECE = 65_536  # bytes unpacked at a time
_PACKED = ("gzip", "x-gzip")
_WITH_HEADER = zlib.MAX_WBITS | 16
_BODY_AS_SENT = ("content-encoding", "content-length", "transfer-encoding")
_due: ContextVar[float | None] = ContextVar("due", default=None)


class BadSettings(httpx.HTTPError):
    """The environment names certificates that are not there, or a proxy of no use; says what kind of error."""


def client(**options: Any) -> httpx.Client:
    """As httpx makes it, with the environment's proxies and certificates. It keeps no cookies, follows no redirects,
    and `ask` can bound it. `options` are httpx's; `timeout` is that of one step. Raises BadSettings."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    try:
        made = httpx.Client(follow_redirects=False, cookies=jar, **options)
    except (OSError, ImportError, ValueError) as error:
        raise BadSettings(type(error).__name__) from error  # its text may hold the proxy's password
    made.headers["Accept-Encoding"] = _PACKED[0]
    # httpx takes a network of one's own only in exchange for the proxies of the environment.
    for transport in (made._transport, *made._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _Network()
    return made


def ask(by: httpx.Client, method: str, url: str, *, seconds: float, most: int | None, **content: Any) -> httpx.Response:
    """The answer with its body unpacked, at most `most` bytes of it; None: no body is wanted.

    `by` is one of ours (`client`). Raises what httpx raises: a TimeoutException after so many seconds in all, however
    busily the other side drips; a DecodingError for a body that is too long or not to be unpacked.
    """
    with _within(seconds), by.stream(method, url, **content) as answer:
        body = b"" if most is None else _read(answer, most)
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _BODY_AS_SENT]
        return httpx.Response(answer.status_code, headers=headers, content=body, request=answer.request)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    token = _due.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _due.reset(token)


def _read(answer: httpx.Response, most: int) -> bytes:
    body = bytearray()
    for piece in _unpacked(answer):
        body += piece
        if len(body) > most:
            raise httpx.DecodingError(f"more than {most} bytes", request=answer.request)
    return bytes(body)


def _unpacked(answer: httpx.Response) -> Iterable[bytes]:
    """Piece by piece: httpx unpacks whatever has come in one go, and that may be a thousand times as long."""
    how = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if how in ("", "identity"):
        yield from answer.iter_raw()
        return
    if how not in _PACKED:
        raise httpx.DecodingError("packed in a way that was not asked for", request=answer.request)
    unpack = zlib.decompressobj(_WITH_HEADER)
    try:
        for chunk in answer.iter_raw():
            yield unpack.decompress(chunk, _PIECE)
            while unpack.unconsumed_tail:
                yield unpack.decompress(unpack.unconsumed_tail, _PIECE)
            if unpack.eof:
                return
    except zlib.error as error:
        raise httpx.DecodingError("not to be unpacked", request=answer.request) from error


def _left(timeout: float | None) -> float | None:
    """Of the time for all; as much as one step may take when nothing bounds it."""
    due = _due.get()
    if due is None:
        return timeout
    left = due - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for all is over")
    return left if timeout is None else min(timeout, left)


class _Network(httpcore.SyncBackend):
    """httpx's timeouts are per read, and an answer, or its headers, may come byte by byte for ever."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """As that of httpcore, within the time for all."""
        return _Stream(super().connect_tcp(host, port, _left(timeout), local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A connection each of whose waits ends with the time for all of whoever uses it just now."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        """It is not used again."""
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """As that of httpcore."""
        return self._inner.get_extra_info(info)
