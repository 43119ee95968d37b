"""Extra hours of a doctor: what would be made of them, and making it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments.models import ScheduleException, Slot
from appointments.querysets import SlotQuerySet
from appointments.services.absences import check_period
from appointments.services.filling import Window, fill
from lmis.actors import Actor
from lmis.exceptions import FieldError, ValidationFailed

Kind = ScheduleException.Kind
OWN_PLACE = _("the doctor has another place then")
AWAY = _("the doctor is away then")
LONGEST = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One place that the hours would give; `why_not` is blank when it would be made."""

    begin: dt.datetime
    end: dt.datetime
    why_not: Any = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be made, and whose room it is then: colleagues' names, for a warning."""

    pieces: list[Piece]
    room_used_by: list[str]
    beyond_horizon: bool

    @property
    def made(self) -> int:
        """How many places."""
        return sum(not piece.why_not for piece in self.pieces)


def preview(extra: ScheduleException, now: dt.datetime) -> Preview:
    """What these hours, not saved yet, would give; three statements, six beyond the horizon.

    Raises ValidationFailed.
    """
    _check(extra, now)
    assert extra.doctor is not None
    here = Slot.objects.filter(doctor=extra.doctor, begin__lt=extra.end, end__gt=extra.begin)
    held = here.exclude(withdrawn=Slot.Withdrawn.GENERATOR).order_by("begin")
    own = list(held.values_list("begin", "end"))
    beyond = _is_beyond_horizon(extra, now)
    if beyond:  # where the pattern will have its places; it comes before extra hours
        own += [(place.begin, place.end) for place in _window(extra, now).plan(with_extra=False)]
    absences = extra.doctor.exceptions.filter(kind=Kind.ABSENCE).touching(extra.begin, extra.end)
    away = list(absences.values_list("begin", "end"))
    return Preview(_pieces(extra, own, away, now), _room_used_by(extra), beyond)


def add(*, extra: ScheduleException, by: Actor, now: dt.datetime) -> SlotQuerySet:
    """Save the hours and make their places; out: what there is now, by time.

    Beyond the horizon they are the first of their day. Places that conflict are left out, as the preview says.
    Raises ValidationFailed.
    """
    _check(extra, now)
    with transaction.atomic(savepoint=False):
        extra.save()
        fill(window=_window(extra, now))
    made = Slot.objects.in_schedule().filter(doctor=extra.doctor, begin__gte=extra.begin, end__lte=extra.end)
    return made.select_related("doctor__lpu", "doctor__speciality").order_by("begin")


def _check(extra: ScheduleException, now: dt.datetime) -> None:
    check_period(extra.begin, extra.end, extra.reason, now)
    errors = []
    if extra.end - extra.begin > LONGEST:
        errors.append(
            FieldError("end", _("Extra hours are entered day by day. Choose an end on the same day."), "invalid")
        )
    if extra.begin <= now:
        errors.append(FieldError("begin", _("This time has already begun. Choose a later one."), "invalid"))
    if extra.slot_minutes < 1 or extra.begin + dt.timedelta(minutes=extra.slot_minutes) > extra.end:
        errors.append(
            FieldError(
                "slot_minutes",
                _("Not even one visit fits into this time. Make the time longer, or the visits shorter."),
                "invalid",
            )
        )
    if extra.capacity < 1 or not extra.channels:
        errors.append(
            FieldError("channels", _("Nobody could book: choose a channel and at least one patient."), "invalid")
        )
    if errors:
        raise ValidationFailed(errors)


def _pieces(extra: ScheduleException, own: list[Any], away: list[Any], now: dt.datetime) -> list[Piece]:
    length = dt.timedelta(minutes=extra.slot_minutes)
    found, begin = [], extra.begin
    while begin + length <= extra.end:
        end = begin + length
        why = OWN_PLACE if _overlaps(own, begin, end) else AWAY if _overlaps(away, begin, end) else ""
        found.append(Piece(begin, end, why))
        begin = end
    return found


def _overlaps(periods: list[Any], begin: dt.datetime, end: dt.datetime) -> bool:
    return any(one < end and other > begin for one, other in periods)


def _room_used_by(extra: ScheduleException) -> list[str]:
    """Colleagues who have the room then."""
    assert extra.doctor is not None
    room = extra.room_id or extra.doctor.room_id
    if room is None:
        return []
    there = Slot.objects.in_schedule().filter(begin__lt=extra.end, end__gt=extra.begin, is_blocked=False)
    in_room = there.filter(room=room) | there.filter(room=None, doctor__room=room)
    others = in_room.exclude(doctor=extra.doctor).select_related("doctor").order_by("doctor__family", "doctor", "begin")
    return list(dict.fromkeys(slot.doctor.short_name for slot in others))


def _is_beyond_horizon(extra: ScheduleException, now: dt.datetime) -> bool:
    """By days, as the schedule is opened."""
    assert extra.doctor is not None
    first, last = (moment.astimezone(extra.doctor.lpu.tz).date() for moment in (now, extra.begin))
    return last > first + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS)


def _window(extra: ScheduleException, now: dt.datetime) -> Window:
    """The day of the hours; of one that is not open yet nothing but the hours."""
    assert extra.doctor is not None
    day = extra.begin.astimezone(extra.doctor.lpu.tz).date()
    alone = extra if _is_beyond_horizon(extra, now) else None
    return Window(doctor=extra.doctor, first=day, last=day, until=day, now=now, extra=alone)
