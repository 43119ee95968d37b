"""The schedule as the region sees it: what is free, who has nothing, how long it lasts."""

import datetime as dt

import pytest
from django.urls import resolve
from django.utils import timezone

from lmis.models import Source, Speciality
from lmis.services import outside, traffic
from tests.factories.cast import a_doctor, a_slot, an_lpu
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


def seen():
    return outside.seen(now=timezone.now())


def places():
    return {one.speciality: one.places for one in seen().free}


@pytest.fixture
def doctor():
    return a_doctor(speciality=Speciality.objects.create(name="терапия"))


def test_free_places_for_the_internet_within_two_weeks(doctor):
    a_slot(doctor, capacity=3, booked=1)
    a_slot(doctor, hours=25)
    a_slot(doctor, hours=26, channels=[Source.REGISTRY])
    a_slot(doctor, hours=27, is_blocked=True)
    a_slot(doctor, hours=28, withdrawn="staff")
    a_slot(doctor, hours=-2)
    a_slot(doctor, hours=24 * 14 + 1)
    assert places() == {"терапия": 4}  # a slot is made empty, whatever it says of itself


def test_a_speciality_that_nobody_can_book(doctor):
    a_slot(doctor, channels=[Source.REGISTRY])
    found = seen()
    assert found.specialities_without_places == ["терапия"]
    assert found.without_slots == []


def test_a_colleague_has_places(doctor):
    a_slot(a_doctor(doctor.lpu, speciality=doctor.speciality))
    found = seen()
    assert found.specialities_without_places == []
    assert found.without_slots == [doctor]
    assert [(one.places, one.doctors) for one in found.free] == [(1, 2)]


@pytest.mark.parametrize("fields", [{"is_published": False}, {"is_active": False}])
def test_who_is_not_shown_is_not_missed(fields):
    hidden = a_doctor(**fields)
    a_slot(hidden)
    assert (seen().free, seen().without_slots, seen().horizons) == ([], [], [])


def test_doctors_of_others_are_not_ours():
    a_doctor(an_lpu(own=False))
    assert seen().without_slots == []


def test_slots_beyond_two_weeks_do_not_help(doctor):
    a_slot(doctor, hours=24 * 20)
    assert seen().without_slots == [doctor]


def test_days_left(doctor):
    last = a_slot(doctor, hours=24 * 20)
    empty = a_doctor().lpu
    today = timezone.now().astimezone(doctor.lpu.tz).date()
    found = {one.lpu: (one.until, one.days) for one in seen().horizons}
    assert found == {doctor.lpu: (last.day, (last.day - today).days), empty: (None, 0)}
    assert dt.timedelta(days=19) < last.day - today < dt.timedelta(days=22)


def test_two_statements_however_many(doctor):
    for _ in range(5):
        a_slot(a_doctor(doctor.lpu))
    with statements() as found:
        seen()
    assert len(found) == 2, listed(found)  # doctors with their titles, their slots added up


def test_polls_and_bookings_are_routes_that_exist():
    guid = "00000000-0000-4000-8000-000000000000"
    routes = {resolve(f"/api/{path}").route for path in ("schedule", f"resources/{guid}/schedule")}
    assert {("GET", route) for route in routes} == traffic.POLLS
    assert {
        ("POST", resolve(f"/api/{path}").route) for path in ("appointments", "dir/appointments")
    } == traffic.BOOKINGS
