"""Reads of cards and of their uploads, in the clinic's words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from lmis.text import number_key

if TYPE_CHECKING:
    from patients.models import CardUpload, Patient  # noqa: F401


class PatientQuerySet(models.QuerySet["Patient"]):
    """Cards (МКАБ)."""

    def live(self) -> Self:
        """Neither merged into another card nor withdrawn."""
        return self.filter(state="active")

    def with_polis(self, *, series: str, number: str) -> Self:
        """Cards with this polis: the number, and the series when both have one (contract A.2)."""
        if not number_key(number):
            return self.none()
        same = Q(polis_number_key=number_key(number))
        if number_key(series):
            same &= Q(polis_series_key__in=["", number_key(series)])
        return self.filter(same).exclude(polis_number="")

    def with_document(self, *, series: str, number: str) -> Self:
        """Cards with this identity document: series and number (contract A.2)."""
        if not number_key(number):
            return self.none()
        same = Q(document_number_key=number_key(number), document_series_key=number_key(series))
        return self.filter(same).exclude(document_number="")


class CardUploadQuerySet(models.QuerySet["CardUpload"]):
    """Uploads of cards to the MIP."""

    def due(self, now: datetime) -> Self:
        """May be sent now."""
        return self.filter(state__in=["waiting", "retry"], due_at__lte=now)

    def stuck(self, now: datetime) -> Self:
        """In flight, but whoever sent it has been silent for longer than a sending may take."""
        return self.filter(state="in_flight", claimed_until__lte=now)
