"""The limit on request bodies, and bodies that come without a length."""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lmis.exceptions import MalformedJson, PayloadTooLarge, ValidationFailed

_DRAINED = 4 * 2**20  # bytes of a refused body that are read all the same
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PIECE = 64 * 2**10


def limit(request: HttpRequest) -> None:
    """Refuse a body over `API_MAX_BODY` bytes; no more than that of it is ever kept."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        _read_chunked(request)
    elif (length := _length(request)) > settings.API_MAX_BODY:
        _drain(request.META["wsgi.input"], length)
        raise PayloadTooLarge
    elif length > 0 and len(request.body) < length:
        # Whoever hangs up after the headers has not cancelled without a reason: done and remembered for his key,
        # that would be another request than the one he repeats.
        raise MalformedJson


def _length(request: HttpRequest) -> int:
    """Django reads a length that is no number as 0, and then nothing of the body."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read_chunked(request: HttpRequest) -> None:
    """Django takes a body without a length for an empty one; so read it here and say how long it is.

    Only from a server that ends the stream itself: elsewhere the read would wait for ever. To granian a body cut off
    before its first byte is an empty one, and nothing tells them apart: where something would be done, it is refused.
    """
    if not request.META.get("wsgi.input_terminated"):
        raise ValidationFailed.of("Content-Length", _("This header is required."), "required")
    stream = request.META["wsgi.input"]
    try:
        body = stream.read(settings.API_MAX_BODY + 1)
    except Exception as error:  # hung up, or chunks that are none: each server has exceptions of its own for it
        raise MalformedJson from error
    if len(body) > settings.API_MAX_BODY:
        _drain(stream, _DRAINED)
        raise PayloadTooLarge
    if not body and request.method not in _READS:
        raise MalformedJson
    request._body = body  # what `HttpRequest.body` keeps what it has read in
    request._read_started = True  # type: ignore[attr-defined]
    request.META["CONTENT_LENGTH"] = str(len(body))


def _drain(stream: IO[bytes], length: int) -> None:
    """Read and forget: a connection closed over unread bytes is reset, and the caller never sees the answer."""
    left = min(length, _DRAINED)
    with suppress(Exception):
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            left -= len(piece)
