"""JSON in and out, by orjson."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import orjson
from django.http import UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from lmis.exceptions import FieldError, MalformedJson, ValidationFailed

CONTENT_TYPE = "application/json"
MAX_DEPTH = 32
_MOST = 20  # places that are named, and the characters of each: an answer is no larger than what was asked
_PATH = 200
_BOM = b"\xef\xbb\xbf"


def dumps(payload: Any) -> bytes:
    """JSON text in UTF-8; guids, dates and aware date-times as the contract has them, lazy texts rendered."""
    return orjson.dumps(payload, default=_plain)


def any_json(value: Any) -> orjson.Fragment:
    """A value that callers made up themselves, for `dumps`, which refuses whole numbers beyond 64 bits."""
    return orjson.Fragment(json.dumps(value, ensure_ascii=False))


def loads(body: bytes) -> dict[str, Any]:
    """Read a request's body: an object, or `MalformedJson` / `ValidationFailed`.

    What PostgreSQL cannot store (NUL) or a program cannot walk (endless nesting) is refused here, once for all.
    """
    try:
        data = orjson.loads(body.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise MalformedJson from error
    if not isinstance(data, dict):
        raise ValidationFailed.of("", _("The body must be an object."))
    if errors := list(islice(_unstorable("", data, 1), _MOST)):
        raise ValidationFailed(errors)
    return data


class JSONRenderer(BaseRenderer):
    """Renders what a view returns in a DRF `Response`."""

    media_type = CONTENT_TYPE
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Give JSON; nothing for a response without a body."""
        return b"" if data is None else dumps(data)


class JSONParser(BaseParser):
    """Reads the body through `HttpRequest.body`, so that it can be read again for its fingerprint."""

    media_type = CONTENT_TYPE

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Give the object in the body."""
        try:
            return loads(parser_context["request"]._request.body)
        except UnreadablePostError as error:  # the caller hung up in the middle
            raise MalformedJson from error


def _plain(value: object) -> str:
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _unstorable(path: str, value: Any, depth: int) -> Iterator[FieldError]:
    """The places that hold a NUL, or lie too deep."""
    if isinstance(value, str):
        if "\x00" in value:
            yield FieldError(path, _("Null characters are not allowed."), "null_characters_not_allowed")
    elif depth > MAX_DEPTH:
        yield FieldError(path, _("Nested too deeply."), "too_deep")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _unstorable(path, name, depth)
            yield from _unstorable(_join(path, name), inner, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unstorable(_join(path, str(index)), inner, depth + 1)


def _join(path: str, name: str) -> str:
    """Never longer than `_PATH`: a name of half the body over a list of the other half would be gigabytes."""
    return f"{path}.{name[:_PATH]}"[:_PATH] if path else name[:_PATH]
