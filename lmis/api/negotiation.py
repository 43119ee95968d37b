"""Content negotiation where there is only JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from lmis.api.rendering import CONTENT_TYPE

_USUAL = frozenset({"", "*/*", CONTENT_TYPE})


class ApiNegotiation(DefaultContentNegotiation):
    """DRF's, after a short cut for what nearly every client sends. A query parameter `format` is not for us."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Give renderer and media type, or raise DRF's `NotAcceptable`."""
        if request.META.get("HTTP_ACCEPT", "") in _USUAL:
            return renderers[0], CONTENT_TYPE
        return super().select_renderer(request, renderers, format_suffix)
