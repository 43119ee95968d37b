"""What the journal is asked: of whom, since when, of what kind; and which things are one patient's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from auditlog.registry import auditlog
from django.db import models
from django.db.models import F, Q

from lmis.services.journal_reading import Kind
from patients.models import Patient

SEEN, CHANGES = "seen", "changes"


def kind_of(code: str) -> Kind:
    """From a choice of the form: blank, `seen`, `seen:opened`, `changes`, `changes:appointments.appointment`.

    Raises KeyError for what is none.
    """
    head, _colon, rest = code.partition(":")
    if not head:
        return Kind()
    if head == SEEN:
        return Kind(changes=False, what=rest)
    return Kind(seen=False, model=journalled()[rest] if rest else None)


def journalled() -> dict[str, type[models.Model]]:
    """The models whose changes are written down, by their labels; a proxy's stand under its model."""
    known: Iterable[Any] = auditlog.get_models()
    return {str(one._meta.concrete_model._meta.label_lower): one._meta.concrete_model for one in known}


def things_of(cards: Collection[Patient]) -> dict[type[models.Model], list[int]]:
    """The ids of all that the journal keeps of these cards: themselves, their appointments, directions and so on.

    A statement for each model that points to a card.
    """
    pks = [card.pk for card in cards]
    things: dict[type[models.Model], list[int]] = {Patient: pks}
    for model in journalled().values():
        for known in model._meta.concrete_fields:
            if known.related_model is Patient and model is not Patient:
                found = model._base_manager.filter(**{f"{known.name}__in": pks}).values_list("pk", flat=True)
                things.setdefault(model, []).extend(found)
    return things


def cards_of(guid: UUID) -> list[Patient]:
    """One person's cards, the one that counts first: it has this guid, or swallowed the card that has it.

    Empty for an unknown guid.
    """
    card = Patient.objects.filter(guid=guid).first()
    if card is None:
        return []
    survivor = card.merged_into_id or card.pk
    return list(
        Patient.objects.filter(Q(pk=survivor) | Q(merged_into=survivor)).order_by(
            F("merged_into").asc(nulls_first=True), "pk"
        )
    )
