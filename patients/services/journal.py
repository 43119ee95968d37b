"""Who made and changed a card, for its history in the admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditlog.models import LogEntry

from lmis.actors import Actor
from patients.models import Patient


def note_created(card: Patient, *, by: Actor) -> None:
    """Enter a card just made; one INSERT."""
    changes = {
        name: ["", _text(getattr(card, name))]
        for name in (field.attname for field in Patient._meta.concrete_fields if field.editable)
        if getattr(card, name) not in ("", None)
    }
    _note(card, LogEntry.Action.CREATE, changes, by)


def note_changed(card: Patient, news: Mapping[str, Any], *, by: Actor) -> None:
    """Enter what is about to be written to `card`, which still has its old values; one INSERT."""
    changes = {name: [_text(getattr(card, name)), _text(value)] for name, value in news.items()}
    _note(card, LogEntry.Action.UPDATE, changes, by)


def _note(card: Patient, action: int, changes: Mapping[str, list[str]], by: Actor) -> None:
    LogEntry.objects.log_create(card, action=action, changes=changes, actor=by.user, additional_data={"by": by.label})


def _text(value: Any) -> str:
    return "" if value is None else str(value)
