"""Patterns and their exceptions, and slots at exact times, for the schedule's tests."""

import datetime as dt
import uuid

import orjson
from django.utils import timezone

from appointments.models import ScheduleException, ScheduleTemplate, Slot
from appointments.services import schedule
from appointments.services.revision import Tags
from tests.factories.cast import OPEN, next_number

MONDAY = dt.date(2026, 6, 1)


def at(lpu, day, time):
    """That time on the wall of the LPU; `time` as `"09:00"`."""
    return dt.datetime.combine(day, dt.time.fromisoformat(time), tzinfo=lpu.tz)


def a_template(doctor, *, begin="09:00", end="10:00", weekday=1, **fields):
    """Mondays from nine to ten in slots of a quarter, valid since long ago; saved unless the doctor is not."""
    template = ScheduleTemplate(
        **{
            "doctor": doctor,
            "weekday": weekday,
            "begin": dt.time.fromisoformat(begin),
            "end": dt.time.fromisoformat(end),
            "valid_from": dt.date(2020, 1, 1),
            "channels": list(OPEN),
        }
        | fields
    )
    if doctor.pk:
        template.save()
    return template


def an_exception(kind, begin, end, *, doctor=None, **fields):
    """An absence, a holiday or extra hours between two instants; saved unless the doctor is not."""
    values = {"kind": kind, "doctor": doctor, "begin": begin, "end": end, "channels": list(OPEN)} | fields
    exception = ScheduleException(**values)
    if doctor is None or doctor.pk:
        exception.save()
    return exception


def a_slot_at(doctor, begin, *, minutes=15, **fields):
    """A slot at an instant, made by hand."""
    values = {
        "doctor": doctor,
        "begin": begin,
        "end": begin + dt.timedelta(minutes=minutes),
        "day": begin.astimezone(doctor.lpu.tz).date(),
        "ordinal": next_number(),
        "channels": list(OPEN),
    } | fields
    return Slot.objects.create(**values)


def times(doctor, *, day=None, **filters):
    """Begins of the doctor's slots in the schedule, as the wall of the LPU shows them: `["09:00", …]`."""
    slots = doctor.slots.in_schedule().filter(**filters).order_by("begin")
    if day is not None:
        slots = slots.filter(day=day)
    return [slot.begin.astimezone(doctor.lpu.tz).strftime("%H:%M") for slot in slots]


class Seen:
    """An answer of the schedule, read."""

    def __init__(self, answer):
        self.tag = answer.etag
        self.unchanged = answer.body is None
        body = {} if self.unchanged else orjson.loads(answer.body)
        self.revision, self.full, self.items = (body.get(name) for name in ("revision", "full", "items"))

    @property
    def guids(self):
        """Of the slots told, in order."""
        return [uuid.UUID(item["guid"]) for item in self.items]


def see(now=None, *, tag="", **question):
    """Ask the schedule's service; `tag` is an If-None-Match."""
    asked = schedule.Question(held=Tags.parse(tag), **question)
    return Seen(schedule.read(question=asked, now=now or timezone.now()))
