"""Another doctor takes over the list of an absent one at the same times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from appointments import locks
from appointments.exceptions import SlotExpired
from appointments.models import Appointment, ScheduleException, Slot
from appointments.querysets import SlotQuerySet
from appointments.services import cancelling
from appointments.services.filling import one_generator_at_a_time
from appointments.services.slot_rows import next_ordinals
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Doctor
from lmis.querysets import DoctorQuerySet
from lmis.rows import constraint_of

Kind = ScheduleException.Kind
COME = _("its time has already come")
OWN_PLACE = _("has another place in the schedule at this time")
AWAY = _("is away himself, or it is a holiday")
ROOM_TAKEN = _("the room is taken by a colleague")
FULL = _("his place at this time is full")


class SubstituteBusy(Refusal):
    """Staff only: what the preview said is no longer so."""

    status = 409
    code = "substitute_busy"
    message = _("The substitute has no time then any more. Choose another doctor or another time.")


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether the substitute can see one patient at the same time. `own` is a place of his at exactly that time.

    Else one is to be made, in `room` (None is the substitute's own). `why_not` is blank when it fits.
    """

    appointment: Appointment
    why_not: Any = ""
    own: Slot | None = None
    room: int | None = None


@dataclass(slots=True)
class Calendar:
    """What stands in the way in the period: of each candidate, and in the rooms; read in three statements.

    Nobody takes over what has begun by `now`.
    """

    now: dt.datetime
    slots: dict[int, list[Slot]] = field(default_factory=dict)
    away: list[ScheduleException] = field(default_factory=list)
    rooms: list[tuple[int, int, dt.datetime, dt.datetime]] = field(default_factory=list)  # doctor, room, begin, end

    def fit(self, appointment: Appointment, substitute: Doctor) -> Fit:
        """Whether this doctor can take over this appointment."""
        old = appointment.slot
        if has_come(appointment, self.now):
            return Fit(appointment, why_not=COME)
        if any(_is_away(one, substitute, old) for one in self.away):
            return Fit(appointment, why_not=AWAY)
        there = [slot for slot in self.slots.get(substitute.pk, []) if slot.begin < old.end and slot.end > old.begin]
        if there:
            return _fit_own(appointment, there)
        for room in dict.fromkeys([_room_of(old), substitute.room_id]):
            if not self._is_taken(room, substitute, old):
                return Fit(appointment, room=room)
        return Fit(appointment, why_not=ROOM_TAKEN)

    def fits(self, appointments: Iterable[Appointment], substitute: Doctor) -> list[Fit]:
        """All of them, by time. Places of the substitute's own are given away no more often than they have room."""
        given: dict[int, int] = {}
        found = []
        for appointment in appointments:
            one = self.fit(appointment, substitute)
            if one.own is not None:
                given[one.own.pk] = given.get(one.own.pk, 0) + 1
                if given[one.own.pk] > one.own.places_left:
                    one = Fit(appointment, why_not=FULL)
            found.append(one)
        return found

    def _is_taken(self, room: int | None, substitute: Doctor, old: Slot) -> bool:
        mine = {substitute.pk, old.doctor_id}
        return any(
            taken == room and doctor not in mine and begin < old.end and end > old.begin
            for doctor, taken, begin, end in self.rooms
        )


def has_come(appointment: Appointment, now: dt.datetime) -> bool:
    """Whether its time has begun: nobody can be seen at that time any more, and the patient may have been."""
    return appointment.slot.begin <= now


def candidates(doctor: Doctor) -> DoctorQuerySet:
    """Who may substitute: doctors of the same LPU whom patients may book; those of the same speciality first."""
    other = Case(When(speciality=doctor.speciality_id, then=Value(0)), default=Value(1))
    colleagues = Doctor.objects.published().filter(lpu=doctor.lpu_id).exclude(pk=doctor.pk)
    return colleagues.select_related("speciality", "lpu").order_by(other, "speciality__name", "family", "name", "pk")


def calendar_of(substitutes: Sequence[Doctor], appointments: Sequence[Appointment], *, now: dt.datetime) -> Calendar:
    """What these doctors and the rooms have in the time of these appointments; three statements."""
    if not appointments or not substitutes:
        return Calendar(now)
    begin = min(one.slot.begin for one in appointments)
    end = max(one.slot.end for one in appointments)
    lpu = substitutes[0].lpu
    live = Slot.objects.in_schedule().filter(begin__lt=end, end__gt=begin)
    calendar = Calendar(now)
    for slot in live.filter(doctor__in=substitutes).order_by("begin"):
        calendar.slots.setdefault(slot.doctor_id, []).append(slot)
    exceptions = ScheduleException.objects.touching(begin, end).filter(kind__in=[Kind.ABSENCE, Kind.HOLIDAY])
    calendar.away = list(exceptions)
    calendar.rooms = list(_rooms(live, lpu.pk))
    return calendar


def take_over(
    *, appointment: Appointment, substitute: Doctor, by: Actor, now: dt.datetime
) -> tuple[Appointment, Slot, Slot]:
    """Give this appointment, as last seen, the same time with the substitute; inside the caller's transaction.

    His place at exactly that time is used, or one is made: as wide as the old one, through the same channels.
    Out: the appointment, its old place, its new one. Raises SlotExpired once its time has come, SubstituteBusy, and
    what `cancelling.move` raises.
    """
    if has_come(appointment, now):
        raise SlotExpired(appointment.slot, appointment.slot.channels)
    with transaction.atomic(savepoint=False):
        # The generator, or an absence of the substitute, may be changing his schedule just now:
        # both are kept out before it is read.
        one_generator_at_a_time(substitute)
        fit = calendar_of([substitute], [appointment], now=now).fit(appointment, substitute)
        if fit.why_not:
            raise SubstituteBusy
        # Slots are locked by ascending id, as everywhere; one that is made here has the highest and nobody sees it yet.
        old = appointment.slot
        wanted = [old.guid] if fit.own is None else [old.guid, fit.own.guid]
        locks.lock_slots(wanted)
        target = fit.own or _make(old, substitute, fit.room)
        moved = cancelling.move(
            guid=appointment.guid,
            among=Appointment.objects.filter(slot=old.pk),
            to_slot_guid=target.guid,
            channels=target.channels,
            by=by,
            now=now,
        )
    return moved, old, target


def _make(old: Slot, substitute: Doctor, room: int | None) -> Slot:
    """The same time for the substitute, with the next number of the day."""
    ordinal = next_ordinals(substitute, [old.day]).get(old.day, 1)
    try:
        with transaction.atomic():
            return Slot.objects.create(
                doctor=substitute,
                begin=old.begin,
                end=old.end,
                day=old.day,
                ordinal=ordinal,
                is_queue=old.is_queue,
                numbers=old.numbers,
                capacity=old.capacity,
                channels=old.channels,
                release_at=old.release_at,
                release_channels=old.release_channels,
                busy_type_id=old.busy_type_id,
                room_id=None if room == substitute.room_id else room,
            )
    except IntegrityError as error:
        # Somebody may have laid a place for the substitute by hand at this very moment.
        if constraint_of(error) not in {"slot_no_overlap", "slot_ordinal_once_a_day"}:
            raise
        raise SubstituteBusy from error


def _fit_own(appointment: Appointment, there: Sequence[Slot]) -> Fit:
    """Among places of the substitute's own only one at exactly the same time, open and not full, will do."""
    old, own = appointment.slot, there[0]
    if len(there) > 1 or (own.begin, own.end) != (old.begin, old.end) or not own.is_bookable_by_clinic:
        return Fit(appointment, why_not=OWN_PLACE)
    return Fit(appointment, own=own) if own.places_left > 0 else Fit(appointment, why_not=FULL)


def _is_away(one: ScheduleException, doctor: Doctor, slot: Slot) -> bool:
    concerns = one.doctor_id == doctor.pk or (one.kind == Kind.HOLIDAY and one.lpu_id in (None, doctor.lpu_id))
    return concerns and one.begin < slot.end and one.end > slot.begin


def _room_of(slot: Slot) -> int | None:
    return slot.room_id or slot.doctor.room_id


def _rooms(live: SlotQuerySet, lpu: int) -> Any:
    """Which doctor is in which room when; blocked places leave a room free."""
    used = live.filter(is_blocked=False, doctor__lpu=lpu).annotate(where=Coalesce("room", "doctor__room"))
    return used.filter(where__isnull=False).order_by("begin").values_list("doctor", "where", "begin", "end")
