"""The weekly patterns of the demo's doctors, with an absence and extra hours to look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from appointments.demo import cast, past
from appointments.demo.clinic import entry, room
from appointments.models import ScheduleException, ScheduleTemplate
from appointments.models.schedule import Parity
from lmis.models import BusyType, Doctor, Lpu, Source

# In the order of `Source`, as the templates' screen writes them: in another one its preview finds all places changed.
_OPEN = [Source.INTERNET, Source.INFOMAT, Source.CALL_CENTER, Source.REGISTRY]
_WIDE = [Source.INTERNET, Source.INFOMAT, Source.CALL_CENTER, Source.DOCTOR_OTHER_LPU, Source.REGISTRY]
_OWN = [Source.DOCTOR, Source.REGISTRY]
_REFERRED = [Source.DOCTOR_OTHER_LPU]
_DESK = [Source.INFOMAT, Source.CALL_CENTER, Source.REGISTRY]

_FIRST, _REPEAT, _VACCINATION, _DRESSING = "Первичный приём", "Повторный приём", "Вакцинация", "Перевязка"
_MORNING, _EVENING = dt.time(8), dt.time(14)
_LUNCH = (180, 210)
_WORKDAYS, _SATURDAY = range(1, 6), 6


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of a shift, in minutes from its begin; half-open.

    `release_hours` before a place begins it opens to everybody; `repeat_minutes` is the length of each third visit.
    """

    begin: int
    end: int
    channels: list[Source]
    busy: str
    lunch: tuple[int, int] | None = None
    release_hours: int | None = None
    repeat_minutes: int | None = None


def write(lpu: Lpu, doctors: list[Doctor], today: dt.date) -> None:
    """Templates for the doctors in the order of the cast, valid for as long as the demo's past, and two exceptions.

    In: `today`, a day of the LPU.
    """
    begun = today - past.LENGTH
    busy = {name: entry(BusyType, name) for name in (_FIRST, _REPEAT, _VACCINATION, _DRESSING)}
    ScheduleTemplate.objects.bulk_create(
        template for field, place, doctor in _posts(doctors) for template in _week(field, place, doctor, begun, busy)
    )
    first_of = {field.speciality: doctor for field, place, doctor in _posts(doctors) if place == 0}
    _vaccination(lpu, first_of[cast.PAEDIATRICS], begun, busy[_VACCINATION])
    _dressings(lpu, first_of[cast.SURGERY], begun, busy[_DRESSING])
    _exceptions(lpu, doctors, today, busy[_FIRST])


def _posts(doctors: list[Doctor]) -> Iterator[tuple[cast.FieldPart, int, Doctor]]:
    """Each doctor with the speciality and the place, from 0, within it."""
    rest = iter(doctors)
    for field in cast.FIELDS:
        for place in range(len(field.doctors)):
            yield field, place, next(rest)


def _week(
    field: cast.FieldPart, place: int, doctor: Doctor, since: dt.date, busy: dict[str, BusyType]
) -> Iterator[ScheduleTemplate]:
    """Two who share a room work in opposite shifts: every day alike, or changing with odd and even days."""
    shifts = [_MORNING, _EVENING] if place % 2 == 0 else [_EVENING, _MORNING]
    if field.speciality in (cast.THERAPY, cast.GYNAECOLOGY):
        days = [(Parity.ODD, shifts[0]), (Parity.EVEN, shifts[1])]
    else:
        days = [(Parity.ANY, shifts[0])]
    for parity, start in days:
        for weekday in _WORKDAYS:
            for block in _shift(field):
                yield _template(field, doctor, since, weekday, parity, start, block, busy)
    if place == 0 and field.speciality in (cast.THERAPY, cast.PAEDIATRICS):
        duty = _Block(0, 240, _OPEN, _FIRST)
        yield _template(field, doctor, since, _SATURDAY, Parity.ANY, dt.time(9), duty, busy)


def _shift(field: cast.FieldPart) -> list[_Block]:
    """First visits around lunch, repeat visits, the doctor's own time.

    A cardiologist keeps an hour for other LPUs until the day before; a neurologist mixes first and repeat visits.
    """
    first = _WIDE if field.wide else _OPEN
    own = _Block(325, 360, _OWN, _REPEAT)
    if field.speciality == cast.NEUROLOGY:
        return [_Block(0, 325, first, _FIRST, lunch=_LUNCH, repeat_minutes=14), own]
    kept = 60 if field.speciality == cast.CARDIOLOGY else 0
    blocks = [_Block(kept, 280, first, _FIRST, lunch=_LUNCH), _Block(280, 325, _OPEN, _REPEAT), own]
    return [_Block(0, kept, _REFERRED, _FIRST, release_hours=24), *blocks] if kept else blocks


def _template(
    field: cast.FieldPart,
    doctor: Doctor,
    since: dt.date,
    weekday: int,
    parity: Parity,
    start: dt.time,
    block: _Block,
    busy: dict[str, BusyType],
) -> ScheduleTemplate:
    return ScheduleTemplate(
        doctor=doctor,
        weekday=weekday,
        parity=parity,
        begin=_later(start, block.begin),
        end=_later(start, block.end),
        valid_from=since,
        slot_minutes=field.minutes,
        channels=block.channels,
        busy_type=busy[block.busy],
        lunch_begin=_later(start, block.lunch[0]) if block.lunch else None,
        lunch_end=_later(start, block.lunch[1]) if block.lunch else None,
        release_hours=block.release_hours,
        release_channels=_OPEN if block.release_hours else [],
        repeat_minutes=block.repeat_minutes,
        repeat_after=2,
        repeat_busy_type=busy[_REPEAT] if block.repeat_minutes else None,
    )


def _vaccination(lpu: Lpu, doctor: Doctor, since: dt.date, busy_type: BusyType) -> None:
    """Two afternoons a week in which several come at one time, in a room of its own."""
    ScheduleTemplate.objects.bulk_create(
        ScheduleTemplate(
            doctor=doctor,
            weekday=weekday,
            begin=dt.time(14, 30),
            end=dt.time(16, 30),
            valid_from=since,
            slot_minutes=30,
            capacity=capacity,
            channels=_OPEN,
            busy_type=busy_type,
            room=room(lpu, cast.VACCINATION_ROOM),
        )
        for weekday, capacity in ((2, 3), (4, 4))
    )


def _dressings(lpu: Lpu, doctor: Doctor, since: dt.date, busy_type: BusyType) -> None:
    """A live queue three times a week, after the surgeon's shift, in a room of its own: numbers and no times."""
    ScheduleTemplate.objects.bulk_create(
        ScheduleTemplate(
            doctor=doctor,
            weekday=weekday,
            begin=dt.time(14, 15),
            end=dt.time(16),
            valid_from=since,
            is_queue=True,
            capacity=12,
            channels=_DESK,
            busy_type=busy_type,
            room=room(lpu, cast.DRESSING_ROOM),
        )
        for weekday in (1, 3, 5)
    )


def _exceptions(lpu: Lpu, doctors: list[Doctor], today: dt.date, busy_type: BusyType) -> None:
    """A therapist is away for three days next week; an ophthalmologist works on the coming Saturday."""
    away, busy = doctors[5], doctors[-2]
    monday = today + dt.timedelta(days=8 - today.isoweekday())
    saturday = monday + dt.timedelta(days=5)
    ScheduleException.objects.create(
        kind=ScheduleException.Kind.ABSENCE,
        doctor=away,
        begin=_at(lpu, monday, dt.time(0)),
        end=_at(lpu, monday + dt.timedelta(days=3), dt.time(0)),
        reason="Повышение квалификации",
    )
    ScheduleException.objects.create(
        kind=ScheduleException.Kind.EXTRA,
        doctor=busy,
        begin=_at(lpu, saturday, dt.time(9)),
        end=_at(lpu, saturday, dt.time(12)),
        reason="Дополнительный приём",
        slot_minutes=14,
        channels=_WIDE,
        busy_type=busy_type,
    )


def _later(start: dt.time, minutes: int) -> dt.time:
    return (dt.datetime.combine(dt.date.min, start) + dt.timedelta(minutes=minutes)).time()


def _at(lpu: Lpu, day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=lpu.tz)
