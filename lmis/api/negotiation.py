"""Content negotiation where there is only JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from lmis.api.rendering import CONTENT_TYPE

_USUAL = frozenset({"", "*/*", CONTENT_TYPE})


class ApiNegotiation(DefaultContentNegotiation):
    """DRF's, after a short cut for what nearly every client sends. A query parameter `format` is not for us."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Give renderer and media type, or raise DRF's `NotAcceptable`."""
        if request.META.get("HTTP_ACCEPT", "") in _USUAL:
            return next(iter(renderers)), CONTENT_TYPE
        return cast(tuple[BaseRenderer, str], super().select_renderer(request, renderers, format_suffix))
