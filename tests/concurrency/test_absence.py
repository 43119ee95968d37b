"""A period is closed while the region books in it: whoever slips in is in the list, the others are refused."""

import collections
import datetime as dt
import threading

import pytest
from django.utils import timezone

from appointments import locks
from appointments.models import AbsenceDecision, Appointment, CallTask, Slot
from appointments.services import absence_run, absences, integrity, waiting
from appointments.services.absences import Decided
from lmis.actors import SYSTEM, Actor
from lmis.exceptions import Refusal
from lmis.models import Source
from lmis.services import transactions
from lmis.services.transactions import run_write
from tests.concurrency.conftest import meeting_after, rivals
from tests.factories import cast
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry, booked

pytestmark = pytest.mark.concurrency
Choice = AbsenceDecision.Choice


@pytest.fixture(autouse=True)
def _patient_locks(monkeypatch):
    """Threads of one interpreter are slower than callers: a second of waiting would time the test itself."""
    patient = transactions._SETTINGS.replace(transactions.LOCK_TIMEOUT, "30s")
    assert patient != transactions._SETTINGS
    monkeypatch.setattr(transactions, "_SETTINGS", patient)


def close_and_look(doctor):
    """Close the coming week; whom the closing found, at once."""
    now = timezone.now()

    def work():
        absence = absences.close_period(
            doctor=doctor, begin=now, end=now + dt.timedelta(days=7), reason="болезнь", by=SYSTEM, now=now
        )
        return set(absences.affected(absence, now).values_list("guid", flat=True))

    return run_write(work)


def close_while_booking(region, doctor, count=12):
    """So many callers book while the period is closed: what each was answered, and whom the closing found."""
    slots = cast.slots(doctor, count)
    callers = [region.http(cast.a_patient(doctor.lpu)) for _ in slots]

    def one(index):
        if index == 0:
            return close_and_look(doctor)
        return callers[index].post("/api/appointments", {"slot": str(slots[index].guid)}, format="json")

    found, *answers = rivals(count, one)
    return found, answers


def test_whoever_slips_in_is_found_and_the_others_are_refused(region, doctor):
    found, answers = close_while_booking(region, doctor)
    got = collections.Counter((r.status_code, r.json().get("message_code", "")) for r in answers)
    assert set(got) <= {(201, ""), (409, "slot_unavailable")}
    assert found == set(Appointment.objects.values_list("guid", flat=True))
    assert not Slot.objects.free(timezone.now()).exists()
    assert integrity.report() == []


def test_twin_without_the_places_locks_a_booking_is_missed(region, doctor, monkeypatch):
    """Bookings read the place before it is closed and write after the closing has looked."""
    read, closed = threading.Barrier(12, timeout=10), threading.Event()

    def unlocked(guids, **_kwargs):
        rows = {slot.guid: slot for slot in Slot.objects.select_related("doctor__lpu").filter(guid__in=guids)}
        read.wait()
        if len(rows) == 1:  # a booking
            closed.wait(10)
        return rows

    monkeypatch.setattr(locks, "lock_slots", unlocked)
    slots = cast.slots(doctor, 12)
    callers = [region.http(cast.a_patient(doctor.lpu)) for _ in slots]

    def one(index):
        if index == 0:
            try:
                return close_and_look(doctor)
            finally:
                closed.set()
        return callers[index].post("/api/appointments", {"slot": str(slots[index].guid)}, format="json")

    found, *_answers = rivals(12, one)
    assert found < set(Appointment.objects.values_list("guid", flat=True))


def test_substituting_crosswise_moving_and_booking_never_deadlock(region, doctor):
    """Two doctors' absences go to one substitute while patients move between the same places themselves."""
    colleague = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
    substitute = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
    now = timezone.now()
    by = Actor.of_user(an_employee("head"))
    plans = []
    for one in (doctor, colleague):
        made = [booked(slot) for slot in cast.slots(one, 6)]
        absence = absences.close_period(
            doctor=one, begin=now, end=now + dt.timedelta(days=7), reason="болезнь", by=by, now=now
        )
        decisions = [Decided(each, Choice.SUBSTITUTE, substitute=substitute) for each in made]
        absences.decide(absence=absence, decisions=decisions, by=by, now=now)
        plans.append(absence)
    # each absence is carried out by two pages at once
    done = rivals(4, lambda index: absence_run.carry_out(absence=plans[index % 2], by=by, now=now))
    total = collections.Counter(AbsenceDecision.objects.values_list("state", flat=True))
    assert total["planned"] == 0
    assert sum(one.done for one in done) == total["done"]
    assert total["done"] == CallTask.objects.count() == 6  # one patient a time: the substitute is one doctor
    assert substitute.slots.filter(booked=1).count() == 6
    assert integrity.report() == []


def book_from_two_windows(doctor, count=6):
    entry, slots = an_entry(doctor), cast.slots(doctor, count)
    by = Actor.of_user(an_employee("registrar"))

    def serve(index):
        def work():
            return waiting.book_from(
                guid=entry.guid,
                slot_guid=slots[index].guid,
                source=Source.REGISTRY,
                channels={Source.REGISTRY},
                by=by,
                now=timezone.now(),
            )

        try:
            return run_write(work).slot_id
        except Refusal as refusal:
            return refusal.code

    return rivals(count, serve)


def test_two_registrars_serve_one_waiting_patient_once(doctor):
    got = book_from_two_windows(doctor)
    assert sorted(map(str, got)).count("waiting_over") == 5
    assert Appointment.objects.count() == 1


def test_twin_without_reading_again_the_patient_gets_several_places(doctor, monkeypatch):
    monkeypatch.setattr(waiting, "_open_as_seen", meeting_after(waiting._open_as_seen, 6))
    monkeypatch.setattr(waiting, "_locked_open", lambda guid: waiting.WaitingEntry.objects.get(guid=guid))
    book_from_two_windows(doctor)
    assert Appointment.objects.count() > 1
