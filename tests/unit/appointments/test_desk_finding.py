"""What the box finds beside cards: tickets, scanned codes, directions."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.utils import timezone

from appointments.models import Appointment
from appointments.services import desk_finding
from appointments.tickets import code_of
from directions.models import Direction
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    return cast.a_doctor()


def a_ticket(doctor, number, *, hours=24, **fields):
    slot = cast.a_slot(doctor, hours=hours)
    values = {"slot": slot, "patient": cast.a_patient(doctor.lpu, card_number=f"c{slot.pk}"), "number": number}
    return Appointment.objects.create(**values | fields)


def find(doctor, text, **more):
    now = timezone.now()
    return desk_finding.find(text=text, lpus=[doctor.lpu], today=timezone.localdate(now), now=now, **more)


def test_names_are_left_to_the_search_of_cards(doctor):
    patient = cast.a_patient(doctor.lpu, family="Ёлкина")
    with statements() as found:  # the cards
        [hit] = find(doctor, "tkrby")
    assert len(found) == 1, listed(found)
    assert (hit.patient, hit.appointment, hit.direction) == (patient, None, None)


def test_a_ticket_of_today_and_of_the_days_to_come_the_next_first(doctor):
    later, sooner = a_ticket(doctor, "07", hours=50), a_ticket(doctor, "07", hours=26)
    a_ticket(doctor, "08")
    a_ticket(doctor, "07", hours=-48)
    a_ticket(doctor, "07", hours=74, state="cancelled", cancelled_at=timezone.now())
    assert [hit.appointment for hit in find(doctor, "07")] == [sooner, later]


def test_a_scanned_code_is_the_appointment_alone_whatever_became_of_it(doctor):
    gone = a_ticket(doctor, "07", hours=-48, state="missed")
    [hit] = find(doctor, code_of(gone))
    assert (hit.appointment, hit.patient) == (gone, gone.patient)


def test_a_code_of_another_clinic_finds_nothing(doctor):
    other = a_ticket(cast.a_doctor(), "07")
    assert find(doctor, code_of(other)) == []


def test_the_number_of_a_live_direction(doctor):
    patient = cast.a_patient(doctor.lpu)
    direction = a_direction(patient=patient, number="2026-000123")
    a_direction(patient=patient, number="2026-000123", cancelled_at=timezone.now())
    [hit] = find(doctor, "2026-000123")
    assert (hit.patient, hit.direction) == (patient, direction)


@pytest.mark.parametrize("typed", ["77-К", "77-к", "77-r", "77-R", "77К", "77к", "77r", "№ 77-К", "№77-к", "#77-r"])
@pytest.mark.parametrize("written", ["77-К", "77К", "77-к"])
def test_the_number_of_a_direction_as_people_type_it(doctor, typed, written):
    direction = a_direction(patient=cast.a_patient(doctor.lpu), number=written)
    a_direction(patient=cast.a_patient(doctor.lpu), number="77-М")
    assert [hit.direction for hit in find(doctor, typed)] == [direction]


def test_a_dash_between_digits_is_no_matter_of_spelling(doctor):
    a_direction(patient=cast.a_patient(doctor.lpu), number="77-12")
    assert find(doctor, "7712") == []


def test_directions_are_looked_up_by_the_index(doctor):
    pattern = a_direction(patient=cast.a_patient(doctor.lpu))
    copied = {name: getattr(pattern, name) for name in ("origin", "lpu_from", "lpu_to", "patient")}
    Direction.objects.bulk_create(Direction(number=f"{number}-К", **copied) for number in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        with statements() as found:
            assert len(find(doctor, "№ 77-к")) == 1
        cursor.execute(f"EXPLAIN {found[-1]}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search(r"using direction_by_number .*\n *Index Cond: .*number.* = ANY", plan), plan


def test_a_number_takes_two_more_statements_however_many_are_found(doctor):
    for hours in range(24, 40, 2):
        a_ticket(doctor, "07", hours=hours)
    with statements() as found:  # 1 card number; 2 tickets; 3 directions
        assert len(find(doctor, "07", limit=5)) == 5
    assert len(found) == 3, listed(found)


def test_yesterdays_tickets_are_over(doctor):
    a_ticket(doctor, "07", hours=-24)
    early = dt.timedelta(minutes=1)
    assert [hit for hit in find(doctor, "07") if hit.appointment.slot.begin < timezone.now() - early] == []


@pytest.mark.parametrize("text", ["", " ", "?", "\x00", "'; --", "0" * 300])
def test_nonsense_finds_nobody(doctor, text):
    assert find(doctor, text) == []
