"""The journal in words: fields and values as people read them, never as they are stored.

What names a person is shown to those alone who may see cards: the others read that something of a card was changed.
The apps above this one say which of their models belong to a patient, and how a thing is named (`describes`).
"""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from auditlog.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lmis import actors
from lmis.models import AccessRecord, Source
from lmis.services import access
from lmis.services.groups import label_of

LONGEST = 300
_MEMBER = re.compile(r"Source\.([A-Z_]+)")
ACTIONS = {
    LogEntry.Action.CREATE: gettext_lazy("created"),
    LogEntry.Action.UPDATE: gettext_lazy("changed"),
    LogEntry.Action.DELETE: gettext_lazy("deleted"),
    LogEntry.Action.ACCESS: gettext_lazy("exported the journal"),
}
Model = type[models.Model]


@dataclass(frozen=True, slots=True)
class Described:
    """How things of a model are named: what to load with them, and their name.

    `nameless` is the name without the patient's, for a thing that belongs to one; None for all others.
    """

    related: tuple[str, ...] = ()
    name: Callable[[Any], str] = str
    nameless: Callable[[Any], str] | None = None


_DESCRIBED: dict[Model, Described] = {}


def describes(model: Model, described: Described) -> None:
    """Said once a model, when the apps are ready; others are named as they name themselves."""
    _DESCRIBED[model] = described


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: who did what to which thing; `changes` are (field, before, after)."""

    when: dt.datetime
    who: str
    login: str
    action: str
    kind: str
    about: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""
    screen: str = ""


class Words:
    """Turns one page of entries into lines; a statement for each model whose things the page names."""

    def __init__(self, entries: Iterable[LogEntry | AccessRecord], *, shows_people: bool) -> None:
        """In: the entries, and whether who reads them may see cards."""
        self._entries = list(entries)
        self._cards, self._shows_people = access.cards_model(), shows_people
        self._names = self._look_up()

    def lines(self) -> list[Line]:
        """In the order of the entries."""
        return [self._seen(one) if isinstance(one, AccessRecord) else self._changed(one) for one in self._entries]

    def _seen(self, record: AccessRecord) -> Line:
        return Line(
            when=record.at,
            who=person(record.user),
            login=record.user.get_username(),
            action=record.get_what_display(),
            kind=str(self._cards._meta.verbose_name),
            about=self._names.get((self._cards, str(record.card)), ""),
            address=record.address or "",
            screen=record.screen,
        )

    def _changed(self, entry: LogEntry) -> Line:
        model = entry.content_type.model_class()
        return Line(
            when=entry.timestamp,
            who=who_did(entry),
            login=entry.actor.get_username() if entry.actor else "",
            action=str(ACTIONS[entry.action]),
            kind=str(entry.content_type.name),
            about=self._about(entry, model),
            changes=self._changes(entry, model) if model else [],
            address=entry.remote_addr or "",
        )

    def _about(self, entry: LogEntry, model: Model | None) -> str:
        known = self._names.get((model, entry.object_pk)) if model else None
        if known is not None:
            return known
        shown = self._shows_people or (model is not None and self._described(model).nameless is None)
        return entry.object_repr if shown else ""

    def _changes(self, entry: LogEntry, model: Model) -> list[tuple[str, str, str]]:
        told = []
        for name, change in (entry.changes or {}).items():
            try:
                known: Any = model._meta.get_field(name)
            except FieldDoesNotExist:
                continue
            # Of a new thing the signals also write what points to it: the name of a class, and nothing to tell.
            listed = known.concrete or entry.action == LogEntry.Action.UPDATE
            if not listed or getattr(known, "primary_key", False):
                continue
            before, after = self._values(model, known, change)
            if before or after:
                told.append((capfirst(_label(known)), before, after))
        return told

    def _values(self, model: Model, known: Any, change: Any) -> tuple[str, str]:
        if isinstance(change, dict):  # of a list of things: what was added to it, or taken from it
            things = ", ".join(label_of(str(thing)) for thing in change.get("objects", []))
            return (things, "") if change.get("operation") == "delete" else ("", things)
        if not self._shows_people and self._described(model).nameless and not _is_harmless(known):
            return _hidden(change[0]), _hidden(change[1])
        if not known.concrete:  # things that belong to this one, written in words (`journal.note_list`)
            return str(change[0])[:LONGEST], str(change[1])[:LONGEST]
        before, after = (self._value(known, value) for value in change)
        return before, after

    def _value(self, known: Any, value: Any) -> str:
        if value in (None, "", "None"):
            return ""
        if known.is_relation:
            return self._names.get((known.related_model, str(value)), f"№ {value}")
        return in_words(known, str(value))[:LONGEST]

    def _look_up(self) -> dict[tuple[Model, str], str]:
        wanted: defaultdict[Model, set[str]] = defaultdict(set)
        for entry in self._entries:
            if isinstance(entry, AccessRecord):
                wanted[self._cards].add(str(entry.card))
            elif model := entry.content_type.model_class():
                wanted[model].add(entry.object_pk)
                for related, pk in _pointed(model, entry.changes or {}):
                    wanted[related].add(pk)
        names: dict[tuple[Model, str], str] = {}
        for model, keys in wanted.items():
            names |= self._names_of(model, keys)
        return names

    def _names_of(self, model: Model, keys: set[str]) -> dict[tuple[Model, str], str]:
        described = self._described(model)
        name = described.name if self._shows_people else described.nameless or described.name
        pks = {key for key in keys if key.isdecimal()}
        sought = models.Q(pk__in=pks)
        if keys - pks and model is self._cards:
            sought |= models.Q(guid__in=keys - pks)
        found: dict[tuple[Model, str], str] = {}
        for thing in model._base_manager.filter(sought).select_related(*described.related):
            shown = name(thing)
            found[model, str(thing.pk)] = shown
            if model is self._cards:
                found[model, str(thing.guid)] = shown  # type: ignore[attr-defined]  # every card has one
        return found

    def _described(self, model: Model) -> Described:
        """As it was said; a model that nobody described and that points to a card is taken for a patient's."""
        if model in _DESCRIBED:
            return _DESCRIBED[model]
        points = model is self._cards or any(
            known.related_model is self._cards for known in model._meta.concrete_fields
        )
        return Described(nameless=lambda thing: f"№ {thing.pk}") if points else Described()


def in_words(known: Any, value: str) -> str:
    """A stored value as people read it: the label of a code, yes and no, a date of the reader's language."""
    choices = getattr(known, "flatchoices", None) or getattr(getattr(known, "base_field", None), "flatchoices", None)
    if choices:
        labels = {str(code): str(label) for code, label in choices}
        return ", ".join(labels.get(code, code) for code in _codes(value))
    if value in ("True", "False"):
        return _("yes") if value == "True" else _("no")
    if isinstance(known, models.DateTimeField):
        return _instant(value)
    if isinstance(known, models.DateField) and (day := parse_date(value)):
        return formats.date_format(day, "SHORT_DATE_FORMAT")
    if isinstance(known, models.TimeField) and (time := parse_time(value)):
        return formats.time_format(time, "H:i")
    return ", ".join(_codes(value))


def who_did(entry: LogEntry) -> str:
    """The employee's name, else what the service noted; blank for what came by neither way."""
    if entry.actor:
        return person(entry.actor)
    by = (entry.additional_data or {}).get("by", "")
    return actors.in_words(by)


def person(user: Any) -> str:
    """Surname and first name, else the login."""
    return " ".join(part for part in (user.last_name, user.first_name) if part) or user.get_username()


def _pointed(model: Model, changes: dict[str, Any]) -> Iterable[tuple[Model, str]]:
    """What the changed references of a thing point to, before and after."""
    for name, change in changes.items():
        try:
            known: Any = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if known.concrete and known.is_relation and isinstance(change, list):
            yield from ((known.related_model, str(pk)) for pk in change if str(pk).isdecimal())


def _label(known: Any) -> str:
    """Of a field; of things that point here, what they are called."""
    return str(known.verbose_name if known.concrete else known.related_model._meta.verbose_name_plural)


def _is_harmless(known: Any) -> bool:
    """Whether a value of a patient's thing tells nothing of them: a code, yes or no, what has a name of its own."""
    if not known.concrete:
        return False
    return bool(known.is_relation or getattr(known, "flatchoices", None) or isinstance(known, models.BooleanField))


def _hidden(value: Any) -> str:
    return _("hidden") if value not in (None, "", "None") else ""


def _instant(value: str) -> str:
    moment = parse_datetime(value)
    if moment is None:
        return value
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)  # signals store the UTC without saying so
    return formats.date_format(timezone.localtime(aware), "SHORT_DATETIME_FORMAT")


def _codes(value: str) -> list[str]:
    """A list that was stored as text, or the one value; a member of an enumeration stands there by its name."""
    if named := _MEMBER.findall(value):
        return [Source[name].value for name in named]
    if value.startswith("[") and value.endswith("]"):
        try:
            return [str(code) for code in ast.literal_eval(value)]
        except (ValueError, SyntaxError):
            return [value]
    return [value]
