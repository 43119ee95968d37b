"""Whose cards an employee may see: a doctor those of own patients, everybody else all of them."""

from __future__ import annotations

from typing import Any

from lmis.screens.scope import doctors_of
from patients.querysets import PatientQuerySet

# Whoever keeps the cards in order sees all of them.
KEEPS_CARDS = ("patients.change_patient", "lmis.merge_cards", "lmis.export_cards")


def seen_by(cards: PatientQuerySet, user: Any) -> PatientQuerySet:
    """Those of `cards` that this employee may see."""
    if any(user.has_perm(right) for right in KEEPS_CARDS):
        return cards
    return cards.of_doctors(doctors_of(user))
