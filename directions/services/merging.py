"""What a merge of two cards does with their directions."""

from __future__ import annotations

import datetime as dt

from django.utils import formats
from django.utils.translation import gettext_lazy as _

from directions.models import Direction
from lmis.actors import Actor
from patients.models import Patient
from patients.services import merging


def register() -> None:
    """Called once, when the apps are ready."""
    merging.take_along(_("Directions"), model="directions.direction", shown=shown, move=move)


def shown(card: Patient) -> list[tuple[str, int]]:
    """The card's directions in words, newest first; one statement."""
    return [(_line(direction), direction.pk) for direction in Direction.objects.of_patients([card]).order_by("-pk")]


def move(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> int:
    """All of them; one statement. The card stays within its LPU, so nothing else about them changes."""
    return Direction.objects.of_patients([duplicate]).update(patient=into)


def _line(direction: Direction) -> str:
    day = formats.date_format(direction.date_direction or direction.created_at, "SHORT_DATE_FORMAT")
    parts = (f"№ {direction}", direction.speciality_name, direction.diagnosis_code, day)
    return ", ".join(part for part in parts if part)
