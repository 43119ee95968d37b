"""What came in an address or in a form of a screen, or Http404 for what cannot be ours."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.http import Http404

from lmis.days import day_from


def day_or_404(text: str) -> dt.date:
    """The day of an address, `2026-11-23`."""
    try:
        return day_from(text)
    except ValueError as error:
        raise Http404 from error


def guid_or_404(text: str) -> UUID:
    """A guid that came in a form or in a query."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
