"""From templates and exceptions to slots, for as many doctors as wanted."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.services.filling import Report, Window, fill
from appointments.services.slot_rows import GuidFor
from appointments.services.timetable import DAY
from lmis.actors import Actor
from lmis.models import Doctor

logger = logging.getLogger(__name__)

FARTHEST = 366  # days ahead; a slip in the year must not make a million slots
_BATCH = 28 * DAY  # of one doctor in one transaction: nobody waits for long, no snapshot grows old
Progress = Callable[[Doctor, int, int, Report], None]


def generate(
    *,
    until: dt.date,
    by: Actor | str,
    doctors: Iterable[Doctor] | None = None,
    now: dt.datetime | None = None,
    progress: Progress | None = None,
    guid_for: GuidFor | None = None,
) -> Report:
    """Bring the slots of these doctors (of all who work here) from `now` through the day `until` to their pattern.

    In: `until` is a day of each doctor's own LPU, inclusive; `progress(doctor, done, of, report)` is called after each
    doctor; `guid_for(doctor, begin, end)` names new slots. Later slots that exist already follow the pattern, too.
    Booked slots, those made by hand and those withdrawn by a person are never touched. Doctors are committed one by
    one: a run may be repeated, killed anywhere, and rivalled by another one.
    Out: what was done; a doctor whose turn failed is counted in `failed`, logged, and stays as before.
    Raises ValidationError for a day that is past or more than a year ahead.
    """
    now = now or timezone.now()
    check_until(until, now)
    everybody = list(doctors if doctors is not None else Doctor.objects.filter(is_active=True).select_related("lpu"))
    total = Report()
    for done, doctor in enumerate(everybody, 1):
        try:
            report = _generate_doctor(doctor=doctor, until=until, now=now, guid_for=guid_for)
        except DatabaseError:
            logger.exception("schedule of doctor %s not generated", doctor.guid)
            report = Report(failed=1)
        total.add(report)
        if progress:
            progress(doctor, done, len(everybody), report)
    logger.info("schedule generated until %s by %s: %s", until, by, total)
    return total


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a doctor's run: what it did, and the day on which the next one begins, None after the last."""

    report: Report
    first: dt.date | None
    last: dt.date


def generate_part(*, doctor: Doctor, until: dt.date, by: Actor, now: dt.datetime, first: dt.date | None = None) -> Part:
    """The next four weeks of what `generate` does for one doctor, from `first` (today) on: for showing progress.

    Raises ValidationError as `generate`, and DatabaseError when it could not be done; then that part is as before.
    """
    check_until(until, now)
    today = now.astimezone(doctor.lpu.tz).date()
    first = max(first or today, today)
    last = _last_day(doctor, until, now)
    through = min(first + _BATCH - DAY, last)
    report = _fill(Window(doctor=doctor, first=first, last=through, until=until, now=now), None)
    logger.info("schedule of doctor %s generated through %s by %s: %s", doctor.guid, through, by, report)
    return Part(report, through + DAY if through < last else None, last)


def _last_day(doctor: Doctor, until: dt.date, now: dt.datetime) -> dt.date:
    """Slots beyond `until` follow the pattern, too."""
    farthest = doctor.slots.filter(begin__gt=now).aggregate(Max("day"))["day__max"]
    return max(until, farthest or until)


def check_until(until: dt.date, now: dt.datetime) -> None:
    """Raise ValidationError for a day that is past or more than a year ahead."""
    today = now.astimezone(dt.UTC).date()
    if not today - DAY <= until <= today + FARTHEST * DAY:
        raise ValidationError(_("The last day must be neither past nor more than a year ahead."), code="invalid")


def _generate_doctor(*, doctor: Doctor, until: dt.date, now: dt.datetime, guid_for: GuidFor | None) -> Report:
    report = Report()
    first = now.astimezone(doctor.lpu.tz).date()
    last = _last_day(doctor, until, now)
    while first <= last:
        through = min(first + _BATCH - DAY, last)
        report.add(_fill(Window(doctor=doctor, first=first, last=through, until=until, now=now), guid_for))
        first = through + DAY
    return report


def _fill(window: Window, guid_for: GuidFor | None) -> Report:
    try:
        return fill(window=window, guid_for=guid_for)
    except (IntegrityError, OperationalError):
        # Somebody at the desk laid a slot by hand in between, or a deadlock chose us:
        # everything is rolled back, so look again.
        return fill(window=window, guid_for=guid_for)
