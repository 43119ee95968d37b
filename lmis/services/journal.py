"""What changed and who did it, for the history in the admin, where a service writes past the models' signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from lmis.actors import Actor


def note_created(thing: Model, *, by: Actor) -> None:
    """Enter a thing just made; one INSERT. Columns that the database makes up itself are left out."""
    _note(thing, LogEntry.Action.CREATE, _first_values(thing), by)


def note_many_created(things: Sequence[Model], *, by: Actor) -> None:
    """Enter many things of one model just made, their texts too; one INSERT for all."""
    if not things:
        return
    content_type = ContentType.objects.get_for_model(things[0])
    LogEntry.objects.bulk_create(
        LogEntry(
            content_type=content_type,
            object_pk=str(thing.pk),
            object_id=thing.pk,
            object_repr=str(thing),
            action=LogEntry.Action.CREATE,
            changes=_first_values(thing),
            actor=by.user,
            additional_data={"by": by.label},
        )
        for thing in things
    )


def _first_values(thing: Model) -> dict[str, list[str]]:
    fields = (field for field in thing._meta.concrete_fields if field.editable and not field.generated)
    return {
        field.attname: ["", _text(getattr(thing, field.attname))]
        for field in fields
        if getattr(thing, field.attname) not in ("", None)
    }


def note_changed(thing: Model, news: Mapping[str, Any], *, by: Actor) -> None:
    """Enter what is about to be written to `thing`, which still has its old values; one INSERT."""
    changes = {name: [_text(getattr(thing, name)), _text(value)] for name, value in news.items()}
    _note(thing, LogEntry.Action.UPDATE, changes, by)


def note_list(thing: Model, name: str, before: str, after: str, *, by: Actor) -> None:
    """Enter what became of the things that belong to `thing` and come by this related name, in words; one INSERT."""
    _note(thing, LogEntry.Action.UPDATE, {name: [before, after]}, by)


def _note(thing: Model, action: int, changes: Mapping[str, list[str]], by: Actor) -> None:
    LogEntry.objects.log_create(thing, action=action, changes=changes, actor=by.user, additional_data={"by": by.label})


def _text(value: Any) -> str:
    return "" if value is None else str(value)
