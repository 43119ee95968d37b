"""What the desk offers: whom to see, the nearest places, the days of a doctor."""

import datetime as dt

import pytest

from appointments.models import Appointment, Slot
from appointments.services import offers
from appointments.services.norms import Norms
from appointments.services.offers import Wish
from lmis.models import Position, Source, Speciality
from tests.factories import cast
from tests.factories.schedule import a_slot_at, at
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2027, 9, 6)
WINDOW, PHONE = {Source.REGISTRY}, {Source.CALL_CENTER}


@pytest.fixture
def clinic():
    return cast.an_lpu()


@pytest.fixture
def surgery():
    return Speciality.objects.create(name="хирургия")


@pytest.fixture
def surgeons(clinic, surgery):
    post = Position.objects.create(name="врач-хирург")
    return [cast.a_doctor(clinic, speciality=surgery, position=post, family=name) for name in ("Авдеев", "Белов")]


def place(doctor, day, time, **fields):
    return a_slot_at(doctor, at(doctor.lpu, day, time), **fields)


def asked(lpu, day=MONDAY, time="08:00", channels=WINDOW, **more):
    now = at(lpu, day, time)
    return {"channels": channels, "norms": Norms.read(zone=lpu.tz, now=now), "now": now, **more}


def nearest(lpu, speciality, wish=None, **more):
    found = offers.nearest(lpu=lpu, speciality=speciality, wish=wish or Wish(), **asked(lpu, **more))
    return [(one.slot.begin.astimezone(lpu.tz).strftime("%d %H:%M"), one.slot.doctor.family) for one in found]


class TestFields:
    def test_doctors_with_a_nearer_place_come_first(self, clinic, surgeons):
        place(surgeons[0], MONDAY + dt.timedelta(days=3), "09:00")
        place(surgeons[1], MONDAY + dt.timedelta(days=1), "09:00")
        [field] = offers.fields(lpu=clinic, **asked(clinic))
        assert [choice.doctor.family for choice in field.doctors] == ["Белов", "Авдеев"]
        assert (field.wait.days, field.wait.norm.working_days, field.wait.late) == (1, 14, False)

    def test_a_doctor_without_a_place_is_shown_last_and_without_a_wait(self, clinic, surgeons):
        place(surgeons[1], MONDAY + dt.timedelta(days=1), "09:00")
        [field] = offers.fields(lpu=clinic, **asked(clinic))
        assert field.doctors[1].doctor == surgeons[0]
        assert field.doctors[1].wait is None

    def test_only_what_can_be_booked_through_this_channel_counts(self, clinic, surgeons):
        day = MONDAY + dt.timedelta(days=1)
        place(surgeons[0], day, "09:00", channels=["CallCenter"])
        place(surgeons[0], day, "09:30", is_blocked=True)
        place(surgeons[0], day, "10:00", withdrawn="staff")
        full = place(surgeons[0], day, "10:30")
        Appointment.objects.create(slot=full, patient=cast.a_patient(clinic), number="1")
        place(surgeons[0], day, "11:00")
        assert offers.fields(lpu=clinic, **asked(clinic))[0].wait.begin == at(clinic, day, "11:00")
        by_phone = offers.fields(lpu=clinic, **asked(clinic, channels=PHONE))
        assert by_phone[0].wait.begin == at(clinic, day, "09:00")

    def test_other_clinics_and_doctors_who_left_are_not_offered(self, clinic, surgery):
        cast.a_doctor(cast.an_lpu(), speciality=surgery)
        cast.a_doctor(clinic, speciality=surgery, is_active=False)
        assert offers.fields(lpu=clinic, **asked(clinic)) == []

    def test_one_statement_however_many(self, clinic, surgeons):
        for _ in range(5):
            place(cast.a_doctor(clinic), MONDAY + dt.timedelta(days=1), "09:00")
        given = asked(clinic)
        with statements() as found:  # doctors with their next free places
            offers.fields(lpu=clinic, **given)
        assert len(found) == 1, listed(found)


class TestNearest:
    def test_in_order_of_time_whoever_the_doctor(self, clinic, surgery, surgeons):
        place(surgeons[1], MONDAY, "09:00")
        place(surgeons[0], MONDAY, "09:30")
        place(surgeons[0], MONDAY, "07:30")  # over
        assert nearest(clinic, surgery) == [("06 09:00", "Белов"), ("06 09:30", "Авдеев")]

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [
            (Wish(), ["11:59", "12:00", "15:59", "16:00", "10:00"]),
            (Wish("morning"), ["11:59", "10:00"]),
            (Wish("evening"), ["16:00"]),
            (Wish("", "weekday"), ["11:59", "12:00", "15:59", "16:00"]),
            (Wish("", "weekend"), ["10:00"]),
            (Wish("evening", "weekend"), []),
            (Wish("", "", MONDAY + dt.timedelta(days=1)), ["10:00"]),
            (Wish("nonsense", "nonsense"), ["11:59", "12:00", "15:59", "16:00", "10:00"]),
        ],
    )
    def test_as_the_patient_wishes(self, clinic, surgery, surgeons, wish, expected):
        for time in ("11:59", "12:00", "15:59", "16:00"):
            place(surgeons[0], MONDAY, time, minutes=1)
        place(surgeons[0], MONDAY + dt.timedelta(days=5), "10:00")
        assert [time.split()[1] for time, _family in nearest(clinic, surgery, wish)] == expected

    def test_morning_is_that_of_the_lpu(self, surgery):
        far = cast.an_lpu(time_zone="Asia/Vladivostok")
        doctor = cast.a_doctor(far, speciality=surgery)
        place(doctor, MONDAY, "11:45")
        place(doctor, MONDAY, "12:15")
        assert [time for time, _family in nearest(far, surgery, Wish("morning"))] == ["06 11:45"]

    def test_no_more_than_there_are_digits_and_one_statement(self, clinic, surgery, surgeons):
        for hour in range(9, 21):
            place(surgeons[0], MONDAY, f"{hour:02d}:00")
        given = asked(clinic)
        with statements() as found:  # the places with their doctors
            assert len(offers.nearest(lpu=clinic, speciality=surgery, wish=Wish(), **given)) == 9
        assert len(found) == 1, listed(found)

    def test_beyond_the_norm_is_said(self, clinic, surgery, surgeons):
        place(surgeons[0], MONDAY + dt.timedelta(days=3), "09:00")
        place(surgeons[0], MONDAY + dt.timedelta(days=4), "09:00")
        given = asked(clinic, kind="cancer")
        found = offers.nearest(lpu=clinic, speciality=surgery, wish=Wish(), **given)
        assert [one.wait.late for one in found] == [False, True]


class TestDays:
    def test_the_next_days_with_places(self, clinic, surgeons):
        doctor = surgeons[0]
        for ahead in (0, 2, 3, 7, 9, 10):
            place(doctor, MONDAY + dt.timedelta(days=ahead), "10:00")
            place(doctor, MONDAY + dt.timedelta(days=ahead), "09:00")
        given = asked(clinic)
        with statements() as found:  # 1 the days; 2 the places
            days = offers.days_of(doctor=doctor, wish=Wish(), **given)
        assert len(found) == 2, listed(found)
        assert [day.day for day, _places in days] == [6, 8, 9, 13, 15]
        assert [f"{one.slot.begin.astimezone(clinic.tz):%H}" for one in days[0][1]] == ["09", "10"]

    def test_full_ones_only_for_those_who_may_go_beyond_the_plan(self, clinic, surgeons):
        full = place(surgeons[0], MONDAY, "09:00")
        Appointment.objects.create(slot=full, patient=cast.a_patient(clinic), number="1")
        place(surgeons[0], MONDAY, "10:00", is_blocked=True)
        given = asked(clinic, wish=Wish())
        assert offers.days_of(doctor=surgeons[0], **given) == []
        [(_day, [shown])] = offers.days_of(doctor=surgeons[0], full=True, **given)
        assert shown.full
        assert shown.slot == Slot.objects.get(pk=full.pk)
        assert offers.earliest([shown]) is None
