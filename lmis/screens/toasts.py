"""Short notes that a screen shows for a moment, and what else an answer may ask of the page."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from django.http import HttpResponse

Response = TypeVar("Response", bound=HttpResponse)
Level = Literal["success", "info", "warning", "error"]


def toast(response: Response, text: Any, level: Level = "success") -> Response:
    """Have the page show `text`, whatever else the response does, be it a 204; returns the response.

    For answers to htmx. Before a redirect use `django.contrib.messages`: the next page shows them the same way.
    """
    return trigger(response, "toast", {"text": str(text), "level": level})


def trigger(response: Response, event: str, detail: Any = None) -> Response:
    """Have the page fire a DOM event once the response is there: `print` {"url"}, `close-dialog`, or a screen's own."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    # ASCII only: what else there is in a header does not reach the page in one piece.
    response["HX-Trigger"] = json.dumps({**events, event: detail}, ensure_ascii=True)
    return response
