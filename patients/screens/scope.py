"""Whose cards an employee may see: a doctor those of own patients, everybody else all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lmis.screens.scope import doctors_of
from patients.models import CardUpload, Patient
from patients.querysets import PatientQuerySet

# Whoever keeps the cards in order sees all of them.
KEEPS_CARDS = ("patients.change_patient", "lmis.merge_cards", "lmis.export_cards")


def seen_by(cards: PatientQuerySet, user: Any) -> PatientQuerySet:
    """Those of `cards` that this employee may see."""
    return cards if sees_all(user) else cards.of_doctors(doctors_of(user))


def sees_all(user: Any) -> bool:
    """Whether the employee may see every card."""
    return any(user.has_perm(right) for right in KEEPS_CARDS)


def readable(uploads: Iterable[CardUpload], user: Any) -> list[CardUpload]:
    """Those of `uploads` of which this employee may read what the MIP wrote: it may name the patient.

    One statement, none for who may see all cards or no card.
    """
    rows = list(uploads)
    if not rows or not user.has_perm("patients.view_patient"):
        return []
    if sees_all(user):
        return rows
    mine = set(seen_by(Patient.objects.filter(pk__in=[row.pk for row in rows]), user).values_list("pk", flat=True))
    return [row for row in rows if row.pk in mine]
