"""The limit on request bodies, and bodies that come without a length."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lmis.exceptions import MalformedJson, PayloadTooLarge, ValidationFailed


def limit(request: HttpRequest) -> None:
    """Refuse a body over `API_MAX_BODY` bytes, before reading more than that of it."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        _read_chunked(request)
    elif _length(request) > settings.API_MAX_BODY:
        raise PayloadTooLarge


def _length(request: HttpRequest) -> int:
    """Django reads a length that is no number as 0, and then nothing of the body."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read_chunked(request: HttpRequest) -> None:
    """Django takes a body without a length for an empty one; so read it here and say how long it is.

    Only from a server that ends the stream itself: elsewhere the read would wait for ever.
    """
    if not request.META.get("wsgi.input_terminated"):
        raise ValidationFailed.of("Content-Length", _("This header is required."), "required")
    try:
        body = request.META["wsgi.input"].read(settings.API_MAX_BODY + 1)
    except (OSError, ValueError) as error:  # hung up, or chunks that are none
        raise MalformedJson from error
    if len(body) > settings.API_MAX_BODY:
        raise PayloadTooLarge
    request._body = body  # what `HttpRequest.body` keeps what it has read in
    request._read_started = True  # type: ignore[attr-defined]
    request.META["CONTENT_LENGTH"] = str(len(body))
