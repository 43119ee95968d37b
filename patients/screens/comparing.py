"""Two cards field by field, for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format

from patients.models import Patient

FIELDS = (
    "card_number",
    "family",
    "name",
    "patronymic",
    "birth_date",
    "sex",
    "snils",
    "polis_series",
    "polis_number",
    "polis_type_name",
    "insurer",
    "no_polis_reason",
    "document_series",
    "document_number",
    "document_type_name",
    "phone",
    "address",
    "district",
    "attachment",
    "representative",
    "representative_phone",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One field: what each card says, whether they differ, and whether the card that stays takes the other's."""

    label: Any
    one: str
    other: str
    differs: bool
    filled: bool


def compared(one: Patient, other: Patient, filled: Mapping[str, Any]) -> list[Compared]:
    """Every field that either card says something about."""
    rows = []
    for name in FIELDS:
        texts = _text(one, name), _text(other, name)
        if any(texts):
            label = Patient._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            rows.append(Compared(label, *texts, all(texts) and texts[0] != texts[1], name in filled))
    return rows


def strangers(one: Patient, other: Patient) -> bool:
    """Whether two of surname, first name and birth date differ: hardly one person's cards."""
    parts = ("family_key", "name_key", "birth_date")
    pairs = [(getattr(one, part), getattr(other, part)) for part in parts]
    return sum(bool(a and b and a != b) for a, b in pairs) > 1


def _text(card: Patient, name: str) -> str:
    shown = getattr(card, f"get_{name}_display", None)
    value = shown() if shown else getattr(card, name)
    return date_format(value, "SHORT_DATE_FORMAT") if isinstance(value, dt.date) else str(value or "")
