"""Where the patients of an absent doctor could go instead: proposed for each, and to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appointments.models import Appointment, ScheduleException, Slot
from appointments.querysets import SlotQuerySet
from lmis.models import Source

CHANNELS = (Source.REGISTRY, Source.CALL_CENTER)  # through which the clinic itself moves its patients
OFFERED = 20  # to choose from, of each kind


@dataclass(frozen=True, slots=True)
class Targets:
    """Free places: the absent doctor's own after the absence, and those of the speciality; and who gets which."""

    same: Sequence[Slot]
    colleagues: Sequence[Slot]
    proposed: dict[int, Slot]  # by the appointment's id; whoever is missing finds no place


def targets_for(absence: ScheduleException, appointments: Sequence[Appointment], now: dt.datetime) -> Targets:
    """A place for each of these, by time: the same doctor's next one after the absence, else one of the speciality.

    No place is proposed to more patients than it takes, none while the patient is seen by somebody else.
    At most three statements.
    """
    if not appointments:
        return Targets((), (), {})
    wanted = len(appointments) + OFFERED
    same = list(_free(now).filter(doctor=absence.doctor_id, begin__gte=absence.end)[:wanted])
    colleagues = list(_of_colleagues(absence, now)[:wanted])
    busy = _busy(appointments, now)
    left = {slot.pk: slot.places_left for slot in [*same, *colleagues]}
    proposed: dict[int, Slot] = {}
    for appointment in appointments:
        taken = busy.get(appointment.patient_id, [])
        found = next((slot for slot in [*same, *colleagues] if left[slot.pk] > 0 and _suits(slot, taken)), None)
        if found is not None:
            left[found.pk] -= 1
            proposed[appointment.pk] = found
            taken.append((found.begin, found.end))
    shown = {slot.pk for slot in proposed.values()}
    return Targets(_offered(same, shown), _offered(colleagues, shown), proposed)


def _free(now: dt.datetime) -> SlotQuerySet:
    return Slot.objects.free(now).open_to(CHANNELS).select_related("doctor__lpu").order_by("begin", "pk")


def _of_colleagues(absence: ScheduleException, now: dt.datetime) -> SlotQuerySet:
    assert absence.doctor is not None
    doctor = absence.doctor
    others = _free(now).filter(doctor__speciality=doctor.speciality_id, doctor__lpu=doctor.lpu_id)
    return others.filter(begin__gte=absence.begin).exclude(doctor=doctor.pk)


def _busy(appointments: Iterable[Appointment], now: dt.datetime) -> dict[int, list[tuple[dt.datetime, dt.datetime]]]:
    """When each patient is with somebody else (or holds a place already), by patient."""
    moved = [one.pk for one in appointments]
    rows = Appointment.objects.holding().filter(patient__in={one.patient_id for one in appointments})
    busy: dict[int, list[tuple[dt.datetime, dt.datetime]]] = {one.patient_id: [] for one in appointments}
    for patient, begin, end in (
        rows.filter(slot__end__gt=now).exclude(pk__in=moved).values_list("patient", "slot__begin", "slot__end")
    ):
        busy[patient].append((begin, end))
    return busy


def _suits(slot: Slot, taken: Iterable[tuple[dt.datetime, dt.datetime]]) -> bool:
    return all(slot.end <= begin or slot.begin >= end for begin, end in taken)


def _offered(slots: Sequence[Slot], shown: set[int]) -> list[Slot]:
    """The proposed ones and the first others."""
    others = [slot.pk for slot in slots if slot.pk not in shown][:OFFERED]
    return [slot for slot in slots if slot.pk in shown or slot.pk in others]
