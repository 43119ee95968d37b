"""URL patterns of the API: guids in either case, and one trailing slash that changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.urls import URLPattern, register_converter
from django.urls.resolvers import RoutePattern

from lmis.api.guids import PATTERN


class GuidConverter:
    """`<guid:guid>`: Django's `<uuid:>` refuses upper case. What is no guid matches nothing, hence 404."""

    regex = PATTERN

    def to_python(self, value: str) -> UUID:
        """Give the UUID."""
        return UUID(value)

    def to_url(self, value: UUID | str) -> str:
        """Write it in lower case."""
        return str(value).lower()


register_converter(GuidConverter, "guid")


class _OptionalSlash(RoutePattern):
    """Matches with and without one trailing slash; no redirect, since a redirected POST loses its body."""

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        """Give what `RoutePattern` gives for either spelling."""
        return super().match(path) or (super().match(path[:-1]) if path.endswith("/") else None)


def api_path(route: str, view: Callable[..., HttpResponseBase], name: str | None = None) -> URLPattern:
    """Like `django.urls.path`, for a route without a trailing slash."""
    return URLPattern(_OptionalSlash(route, name=name, is_endpoint=True), view, None, name)
