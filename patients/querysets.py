"""Reads of cards and of their uploads, in the clinic's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from lmis.text import number_key

if TYPE_CHECKING:
    from patients.info import PatientInfo
    from patients.models import CardUpload, Patient  # noqa: F401


class PatientQuerySet(models.QuerySet["Patient"]):
    """Cards (МКАБ)."""

    def live(self) -> Self:
        """Neither merged into another card nor withdrawn."""
        return self.filter(state="active")

    def with_polis(self, *, series: str, number: str) -> Self:
        """Cards with this polis: the number, and the series when both have one (contract A.2)."""
        return self.filter(_polis(series, number))

    def with_document(self, *, series: str, number: str) -> Self:
        """Cards with this identity document: series and number (contract A.2)."""
        return self.filter(_document(series, number))

    def like(self, info: PatientInfo) -> Self:
        """Cards with the polis or the identity document of `info`, merged and withdrawn ones too."""
        polis, document = info.polis, info.identity_document
        return self.filter(_polis(polis.series, polis.number) | _document(document.series, document.number))

    def at_own_lpus(self) -> Self:
        """Cards of the LPUs that this LMIS serves."""
        return self.filter(lpu__is_own=True)

    def named(self, *, mkabs: Collection[UUID], person_guid: UUID | None) -> Self:
        """Cards that a patient token names, by their own guids or by the person's."""
        named = Q(guid__in=mkabs)
        return self.filter(named | Q(person_guid=person_guid) if person_guid else named)

    def of_person(self, person_guids: Iterable[UUID]) -> Self:
        """Cards to which the MIP gave one of these ids."""
        return self.filter(person_guid__in=list(person_guids))


def _polis(series: str, number: str) -> Q:
    if not number_key(number):
        return Q(pk__in=[])
    same = Q(polis_number_key=number_key(number)) & ~Q(polis_number="")  # the latter as in the partial index
    if number_key(series):
        same &= Q(polis_series_key__in=["", number_key(series)])
    return same


def _document(series: str, number: str) -> Q:
    if not number_key(number):
        return Q(pk__in=[])
    return Q(document_number_key=number_key(number), document_series_key=number_key(series)) & ~Q(document_number="")


class CardUploadQuerySet(models.QuerySet["CardUpload"]):
    """Uploads of cards to the MIP."""

    def due(self, now: datetime) -> Self:
        """May be sent now, the longest due first."""
        return self.filter(state__in=["waiting", "retry"], due_at__lte=now).order_by("due_at")

    def stuck(self, now: datetime) -> Self:
        """In flight, but whoever sent it has been silent for longer than a sending may take."""
        return self.filter(state="in_flight", claimed_until__lte=now).order_by("claimed_until")

    def untold_since(self, moment: datetime) -> Self:
        """The broker has not been told of it since then."""
        return self.filter(Q(told_at__isnull=True) | Q(told_at__lte=moment))

    def lock_sendable(self, *, now: datetime, limit: int) -> list[int]:
        """Lock up to `limit` stuck or due rows that nobody else has locked; their ids. A statement for each index."""
        ids: list[int] = []
        for rows in (self.stuck(now), self.due(now)):
            if len(ids) < limit:
                free = rows.select_for_update(skip_locked=True, no_key=True)
                ids += free.values_list("pk", flat=True)[: limit - len(ids)]
        return ids
