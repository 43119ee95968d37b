"""The weekly pattern of a doctor as a whole: read, checked, saved at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments.models import ScheduleTemplate
from appointments.models.schedule import Parity
from appointments.services.filling import one_generator_at_a_time
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Doctor

logger = logging.getLogger(__name__)

# What an interval says beside whose it is; with the weekday it is the whole row.
SAID = tuple(
    field.attname
    for field in ScheduleTemplate._meta.concrete_fields
    if field.attname not in ("id", "doctor_id", "weekday")
)


class PatternChanged(Refusal):
    """Staff only: two edited one doctor's templates at once, and the second would have undone the first."""

    status = 409
    code = "pattern_changed"
    message = _(
        "Somebody else has changed this doctor's templates meanwhile. Your table is not saved: open the page again."
    )


class PatternClashes(Refusal):
    """Staff only: two intervals of one doctor at the same time."""

    status = 409
    code = "pattern_clashes"
    message = _("Two intervals are at the same time: correct one of them.")


def current(*, doctor: Doctor, today: dt.date) -> list[ScheduleTemplate]:
    """The doctor's intervals that are valid on `today` or later, by weekday and time; one statement."""
    templates = ScheduleTemplate.objects.filter(doctor=doctor).valid_in(today, dt.date.max)
    return list(templates.order_by("valid_from", "begin", "weekday", "pk"))


def said(template: ScheduleTemplate) -> tuple[Any, ...]:
    """All that an interval says but the weekday: intervals of several weekdays that say the same are one row."""
    return tuple(_plain(getattr(template, name)) for name in SAID)


def version(pattern: Sequence[ScheduleTemplate]) -> str:
    """A short text that another pattern, or one that was changed and changed back, does not have."""
    rows = sorted((template.pk, template.weekday, said(template)) for template in pattern)
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def clashes(pattern: Sequence[ScheduleTemplate]) -> Iterator[tuple[int, int]]:
    """Positions of every two intervals that would be worked at the same time on some day."""
    for (first, one), (second, other) in combinations(enumerate(pattern), 2):
        if _same_day(one, other) and _same_time(one, other):
            yield first, second


def save(
    *, doctor: Doctor, pattern: Sequence[ScheduleTemplate], version_read: str, by: Actor, now: dt.datetime
) -> list[ScheduleTemplate]:
    """Make this the doctor's pattern from today on; intervals that have ended already stay as they are.

    In: unsaved intervals, each valid in itself (`full_clean`); `version_read` of the pattern that was edited.
    Out: the pattern as it is now. Raises PatternChanged, PatternClashes; then nothing has changed.
    """
    if next(clashes(pattern), None):
        raise PatternClashes
    today = now.astimezone(doctor.lpu.tz).date()
    with transaction.atomic(savepoint=False):
        # Two who save at once would each replace what both had read, and a generator would follow half of it:
        # one after the other, and the second finds another version.
        one_generator_at_a_time(doctor)
        there = current(doctor=doctor, today=today)
        if version(there) != version_read:
            raise PatternChanged
        _replace(doctor, there, pattern)
        saved = current(doctor=doctor, today=today)
    logger.info("templates of doctor %s saved by %s: %d intervals", doctor.guid, by, len(saved))
    return saved


def copied(*, source: Doctor, doctor: Doctor, today: dt.date) -> list[ScheduleTemplate]:
    """The pattern of another doctor as one for this doctor, valid from today on; not saved, room conflicts and all.

    Rooms of another LPU are left out. One statement.
    """
    pattern = current(doctor=source, today=today)
    for interval in pattern:
        interval.pk, interval.doctor = None, doctor
        interval.valid_from = max(interval.valid_from, today)
        if source.lpu_id != doctor.lpu_id:
            interval.room = None
    return pattern


def _replace(doctor: Doctor, there: list[ScheduleTemplate], pattern: Sequence[ScheduleTemplate]) -> None:
    """One by one, for the journal: what says the same stays, what begins at the same time is changed."""
    rest = list(there)
    wanted = []
    for template in pattern:
        same = next((old for old in rest if (old.weekday, said(old)) == (template.weekday, said(template))), None)
        rest.remove(same) if same else wanted.append(template)
    for template in wanted:
        old = next((old for old in rest if _place(old) == _place(template)), None)
        if old:
            rest.remove(old)
        target = old or ScheduleTemplate(doctor=doctor, weekday=template.weekday)
        for name in SAID:
            setattr(target, name, getattr(template, name))
        target.save()
    for old in rest:
        old.delete()


def _place(template: ScheduleTemplate) -> tuple[Any, ...]:
    return template.weekday, str(template.parity), template.begin


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(sorted(map(str, value)))
    return str(value) if isinstance(value, str) else value


def _same_day(one: ScheduleTemplate, other: ScheduleTemplate) -> bool:
    if one.weekday != other.weekday:
        return False
    if Parity.ANY not in (one.parity, other.parity) and one.parity != other.parity:
        return False
    last = dt.date.max
    return one.valid_from <= (other.valid_to or last) and other.valid_from <= (one.valid_to or last)


def _same_time(one: ScheduleTemplate, other: ScheduleTemplate) -> bool:
    return any(
        begin < other_end and other_begin < end
        for begin, end in one.stretches()
        for other_begin, other_end in other.stretches()
    )
