"""One doctor, some days: bring the slots to the pattern in one short transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from django.db import connection, transaction

from appointments.models import ScheduleException, ScheduleTemplate, Slot
from appointments.services.reconciling import Changes, reconcile
from appointments.services.slot_rows import GuidFor, write
from appointments.services.timetable import DAY, Place, midnight, plan
from lmis.models import Doctor
from lmis.services.calendar import between

_LOCK_TIMEOUT = "5s"
_WAIT_FOR_GENERATOR = """
    SELECT set_config('lock_timeout', before.patience, true)
      FROM (SELECT current_setting('lock_timeout') AS patience, set_config('lock_timeout', %s, true),
                   pg_advisory_xact_lock(hashtextextended(%s, 0)) OFFSET 0) AS before"""
_INSTANT = dt.timedelta.resolution


@dataclass(slots=True)
class Report:
    """What was done, in slots; `left` are booked ones that the pattern no longer has; `failed` are doctors."""

    created: int = 0
    revived: int = 0
    updated: int = 0
    withdrawn: int = 0
    left: int = 0
    failed: int = 0

    def add(self, other: Report) -> None:
        """Take over what a part of the run did."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days first..last of a doctor, inclusive, in the zone of the LPU; nothing new after `until`.

    `pattern` is one to look at that is not saved (yet); otherwise the doctor's templates are read. With `extra` only
    these hours are laid, on a day that is not open yet: the pattern's places come when the schedule gets there.
    """

    doctor: Doctor
    first: dt.date
    last: dt.date
    until: dt.date
    now: dt.datetime
    pattern: Sequence[ScheduleTemplate] | None = None
    extra: ScheduleException | None = None

    @property
    def opens(self) -> dt.datetime:
        """Its first instant."""
        return midnight(self.first, self.doctor.lpu.tz)

    @property
    def closes(self) -> dt.datetime:
        """The first instant after it."""
        return midnight(self.last + DAY, self.doctor.lpu.tz)

    def changes(self, may_touch: Collection[int] | None = None) -> Changes:
        """What there is to do, as things are now; four statements, some more with `extra`."""
        opens, closes = self.opens, self.closes
        # a day more behind: what is there already must not be overlaid
        slots = Slot.objects.filter(doctor=self.doctor, end__gt=opens, begin__lt=closes + DAY)
        changes = reconcile(
            slots=list(slots.order_by("begin", "pk")),
            plan=self.plan(),
            after=max(self.now, (self.extra.begin if self.extra else opens) - _INSTANT),
            before=self.extra.end if self.extra else closes,
            create_before=midnight(self.until + DAY, self.doctor.lpu.tz),
            may_touch=may_touch,
        )
        if self.extra:
            regular = set(self.plan(with_extra=False))
            changes.create = [place for place in changes.create if place not in regular]
        return changes

    def plan(self, *, with_extra: bool = True) -> list[Place]:
        """What the pattern, the exceptions and the calendar want; three statements, one less for a given pattern."""
        exceptions = ScheduleException.objects.of_doctor(self.doctor).touching(self.opens, self.closes + DAY)
        if not with_extra:
            exceptions = exceptions.exclude(kind=ScheduleException.Kind.EXTRA)
        return plan(
            tz=self.doctor.lpu.tz,
            templates=self._templates(),
            exceptions=list(exceptions.order_by("begin", "pk")),
            first=self.first,
            last=self.last,
            calendar=between(self.first, self.last),
            department_id=self.doctor.department_id,
        )

    def _templates(self) -> list[ScheduleTemplate]:
        if self.pattern is not None:
            return sorted(self.pattern, key=lambda template: template.begin)
        templates = ScheduleTemplate.objects.filter(doctor=self.doctor).valid_in(self.first, self.last)
        return list(templates.order_by("begin", "pk"))


def fill(*, window: Window, guid_for: GuidFor | None = None) -> Report:
    """Make, bring back, change and withdraw slots of the window; `guid_for(doctor, begin, end)` names new ones.

    Raises IntegrityError when somebody laid a slot by hand in between, OperationalError when a lock was not had.
    """
    with transaction.atomic():
        one_generator_at_a_time(window.doctor)
        changes = window.changes()
        if changes.touched:
            # Somebody may book or block one of these between the look and the write:
            # lock them, look again, and touch none but these.
            changes = window.changes(may_touch=_lock(window.doctor, changes.touched))
        report = Report(
            created=len(changes.create),
            revived=sum(bool(slot.withdrawn) for slot, _ in changes.update),
            updated=sum(not slot.withdrawn for slot, _ in changes.update),
            withdrawn=len(changes.withdraw),
            left=len(changes.left),
        )
        write(window.doctor, changes, window.now, guid_for)
    return report


def one_generator_at_a_time(doctor: Doctor) -> None:
    """Two generators would each miss the other's new slots and both insert: the second waits, then finds them.

    The longer patience is for this lock alone: what the caller locks next waits no longer than before.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_GENERATOR, [_LOCK_TIMEOUT, f"generate {doctor.pk}"])


def _lock(doctor: Doctor, slots: Collection[int]) -> set[int]:
    """Slots by ascending id, as everywhere; before them the doctor, whose restamping takes them in this order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM lmis_doctor WHERE id = %s FOR SHARE", [doctor.pk])
    rows = Slot.objects.select_for_update(no_key=True).filter(pk__in=slots).order_by("pk")
    return set(rows.values_list("pk", flat=True))
