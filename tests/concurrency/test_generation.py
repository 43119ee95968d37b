"""Generators beside each other and beside bookings; each promise has a twin without its guard."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.utils import timezone

from appointments.models import Appointment, ScheduleTemplate, Slot
from appointments.services import filling, generation
from tests.concurrency.conftest import rivals, without
from tests.factories.cast import a_doctor, a_patient
from tests.factories.schedule import a_template, times

pytestmark = pytest.mark.concurrency
DAYS = 5


@pytest.fixture
def doctors():
    """Three who work every day from nine to ten."""
    found = [a_doctor() for _ in range(3)]
    for doctor in found:
        for weekday in range(1, 8):
            a_template(doctor, weekday=weekday)
    return found


def generate(**options):
    until = timezone.localdate() + dt.timedelta(days=DAYS)
    return generation.generate(until=until, by="test", **options)


def distinct():
    return Slot.objects.values_list("doctor", "begin").distinct().count()


def test_generating_at_once_makes_no_duplicates_and_nobody_fails(doctors):
    reports = rivals(6, lambda i: generate())

    assert sum(report.created for report in reports) == Slot.objects.count() == distinct()
    assert sum(report.failed for report in reports) == 0
    assert Slot.objects.count() >= 3 * 4 * DAYS


def test_twin_without_the_advisory_lock_and_the_constraints_there_are_duplicates(doctors, monkeypatch):
    monkeypatch.setattr(filling, "one_generator_at_a_time", lambda doctor: None)
    with without("appointments_slot", "slot_no_overlap", "slot_ordinal_once_a_day"):
        rivals(6, lambda i: generate())
        made = Slot.objects.count(), distinct()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; DELETE FROM appointments_slot")
            cursor.execute("SET session_replication_role = DEFAULT")
    assert made[0] > made[1]


def test_the_generators_patience_is_not_that_of_the_callers_next_lock(doctors):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1100ms'")
        filling.one_generator_at_a_time(doctors[0])
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("1100ms",)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (1,)


def brought_back():
    """How many of the places that staff withdrew are in the schedule again after many have generated at once."""
    generate()
    gone = set(Slot.objects.order_by("pk").values_list("pk", flat=True)[::3])
    Slot.objects.filter(pk__in=gone).update(withdrawn="staff")

    rivals(6, lambda i: generate())

    away = set(Slot.objects.exclude(withdrawn="").values_list("pk", flat=True))
    assert away <= gone
    return len(gone - away)


def test_a_withdrawn_place_stays_withdrawn_while_many_generate(doctors):
    assert brought_back() == 0


def test_twin_a_generator_that_takes_them_for_its_own_brings_them_back(doctors, monkeypatch):
    def all_its_own(*, slots, original=filling.reconcile, **options):
        for slot in slots:
            slot.withdrawn = slot.withdrawn and "generator"
        return original(slots=slots, **options)

    monkeypatch.setattr(filling, "reconcile", all_its_own)
    assert brought_back() > 0


def before(monkeypatch, name, act):
    """Let `act(*args)` happen once, on a connection of its own and committed, before `filling` calls this function."""
    original, acted = getattr(filling, name), []

    def seam(*args):
        if not acted:
            acted.append(True)
            rivals(1, lambda i: act(*args))
        return original(*args)

    monkeypatch.setattr(filling, name, seam)


def booked_in_between(monkeypatch):
    """A slot that the new template would withdraw is booked at the worst moment; it, afterwards."""
    doctor = a_doctor()
    for weekday in range(1, 8):
        a_template(doctor, weekday=weekday)
    generate()
    slot = doctor.slots.filter(day__gt=timezone.localdate(), ordinal=2).earliest("begin")
    patient = a_patient(doctor.lpu)
    ScheduleTemplate.objects.update(slot_minutes=30)
    before(monkeypatch, "_lock", lambda *_: Appointment.objects.create(slot=slot, patient=patient, number="02"))
    report = generate()
    slot.refresh_from_db()
    return slot, report


def test_a_place_booked_between_look_and_write_is_kept(monkeypatch):
    slot, report = booked_in_between(monkeypatch)

    assert (slot.booked, slot.withdrawn) == (1, "")
    assert (report.left, report.failed) == (1, 0)
    assert times(slot.doctor, day=slot.day) == ["09:15", "09:30"]


def test_twin_without_the_second_look_a_booked_place_is_withdrawn(monkeypatch):
    changes, looked = filling.Window.changes, {}

    def once(window, may_touch=None):
        if may_touch is None:
            looked[window] = changes(window)
        return looked[window]

    monkeypatch.setattr(filling.Window, "changes", once)

    slot, _report = booked_in_between(monkeypatch)

    assert (slot.booked, slot.withdrawn) == (1, "generator")


def test_a_slot_laid_by_hand_in_between_costs_one_more_look(monkeypatch):
    doctor = a_doctor()
    a_template(doctor, weekday=(timezone.localdate() + dt.timedelta(days=1)).isoweekday(), valid_to=None)
    before(monkeypatch, "write", lambda doctor, changes, *_: lay(doctor, changes.create[0].begin))

    assert generate().failed == 0
    assert times(doctor) == ["09:00", "09:15", "09:30", "09:45"]
    assert doctor.slots.filter(pattern="").count() == 1


def lay(doctor, begin):
    """Five minutes by hand."""
    day = begin.astimezone(doctor.lpu.tz).date()
    Slot.objects.create(doctor=doctor, begin=begin, end=begin + dt.timedelta(minutes=5), day=day, ordinal=90)
