"""Whom it harms when the region does not know a card: the patients who come soon, or are sent somewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from patients.models import CardUpload

SOON = timedelta(days=7)
# The apps above this one know who comes: each gives, for a moment, the ids of cards as a QuerySet of one column.
SOURCES: list[Callable[[datetime, datetime], QuerySet[Any, Any]]] = []


def unsent_of_concerned(now: datetime) -> QuerySet[CardUpload]:
    """Uploads that the MIP does not have yet, of patients with an appointment within a week or an open direction."""
    unsent = CardUpload.objects.unsent() | CardUpload.objects.filter(state__in=["rejected", "duplicate"])
    ids = [source(now, now + SOON).order_by() for source in SOURCES]
    if not ids:
        return unsent.none()
    return unsent.filter(patient_id__in=ids[0].union(*ids[1:]) if len(ids) > 1 else ids[0])


def put_first(*, now: datetime) -> int:
    """Let those go before all others; how many cards went up."""
    first = CardUpload.Priority.CONCERNED
    waiting = unsent_of_concerned(now).filter(state__in=["waiting", "retry"], priority__gt=first)
    return waiting.update(priority=first)
