"""Which refusal of contract A wins when several apply: the direction's own, and the end of the order, over HTTP."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from appointments.models import Appointment, Slot
from appointments.services import booking
from directions.models import Direction
from lmis.actors import SYSTEM
from lmis.exceptions import REGISTRY
from lmis.models import Lpu, Source
from patients.models import Patient
from tests.factories import cast
from tests.unit.appointments.api.test_by_direction import book, changed
from tests.unit.appointments.api.test_own import refused

pytestmark = pytest.mark.django_db
YESTERDAY = dt.timedelta(days=-2)  # over in every time zone


@pytest.fixture
def known(http, body):
    """The direction of the request, known here, and nobody booked by it any more."""
    made = book(http, body)
    assert http.delete(f"/api/dir/appointments/{made.json()['guid']}").status_code == 200
    return Direction.objects.filter(guid=body["direction"]["guid"])


def rows():
    """All that a booking by direction may write."""
    return [list(model.objects.order_by("pk").values()) for model in (Lpu, Patient, Direction, Appointment, Slot)]


def refused_unchanged(http, body, status, code):
    """The refusal; no row differs afterwards."""
    before = rows()
    details = refused(book(http, body), status, code)
    assert rows() == before
    return details


def nowhere(body):
    """The same for a slot that does not exist: any refusal of the slot would come later."""
    return changed(body, slot=str(uuid.uuid4()))


def for_another(body):
    """A request of another person by another direction, for the same slot."""
    number = cast.next_number()
    person = {"patient__polis__number": f"{8_000_000_000_000_000 + number}", "patient__identityDocument": ...}
    return changed(body, **person, direction__guid=str(uuid.uuid4()), direction__number=f"other-{number}")


def by_another_direction(body):
    """The same person, the same slot, a second direction."""
    return changed(body, direction__guid=str(uuid.uuid4()), direction__number=f"second-{cast.next_number()}")


class TestDirection:
    def test_a_cancelled_one_books_nothing(self, http, body, known):
        known.update(cancelled_at=timezone.now())
        news = changed(body, direction__reason="боль", patient__patronymic="Ильинична")
        assert refused_unchanged(http, news, 409, "direction_cancelled") == {}

    def test_an_expired_one_only_where_that_is_asked_for(self, http, body, known, settings):
        known.update(valid_until=timezone.localdate() + YESTERDAY)
        settings.CHECK_DIRECTION_EXPIRY = True
        assert refused_unchanged(http, changed(body, direction__reason="боль"), 409, "direction_expired") == {}
        known.update(valid_until=timezone.localdate())  # its last day
        assert book(http, body).status_code == 201

    def test_nobody_looks_at_its_last_day_unless_asked_to(self, http, body, known):
        known.update(valid_until=timezone.localdate() + YESTERDAY)
        assert book(http, body).status_code == 201

    def test_another_persons_comes_before_a_cancelled_one(self, http, body, known):
        known.update(cancelled_at=timezone.now())
        stranger = changed(for_another(body), direction__guid=body["direction"]["guid"])
        refused_unchanged(http, nowhere(stranger), 409, "direction_mismatch")

    def test_a_cancelled_one_before_an_expired_one_and_both_before_the_slot(self, http, body, known, settings):
        settings.CHECK_DIRECTION_EXPIRY = True
        known.update(cancelled_at=timezone.now(), valid_until=timezone.localdate() + YESTERDAY)
        refused_unchanged(http, nowhere(body), 409, "direction_cancelled")
        known.update(cancelled_at=None)
        refused_unchanged(http, nowhere(body), 409, "direction_expired")

    def test_an_expired_one_before_one_that_is_booked(self, http, body, settings):
        book(http, body)
        Direction.objects.update(valid_until=timezone.localdate() + YESTERDAY)
        settings.CHECK_DIRECTION_EXPIRY = True
        refused_unchanged(http, body, 409, "direction_expired")

    def test_one_that_is_booked_before_a_slot_that_does_not_exist(self, http, body):
        made = book(http, body).json()
        details = refused_unchanged(http, nowhere(body), 409, "direction_already_booked")
        assert details == {"appointment": made}


class TestSlot:
    @pytest.mark.parametrize("places", [1, 2])
    def test_ones_own_place_comes_before_a_slot_that_is_full(self, http, body, slot, places):
        Slot.objects.update(capacity=places)
        made = book(http, body).json()
        for _ in range(places - 1):
            assert book(http, for_another(body)).status_code == 201
        refused_unchanged(http, for_another(body), 409, "slot_taken")
        details = refused_unchanged(http, by_another_direction(body), 409, "already_booked")
        assert details == {"appointment": made}

    def test_ones_own_place_in_a_slot_with_room_left(self, http, body):
        Slot.objects.update(capacity=2)
        made = book(http, body).json()
        details = refused_unchanged(http, by_another_direction(body), 409, "already_booked")
        assert details == {"appointment": made}

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"channels": ["Registry"]}, 403, "channel_not_allowed"),
            ({"is_blocked": True, "channels": ["Registry"]}, 409, "slot_unavailable"),
        ],
    )
    def test_a_slot_that_is_closed_is_not_called_full_nor_ones_own(self, http, body, change, status, code):
        book(http, body)
        Slot.objects.update(**change)
        for request in (by_another_direction(body), for_another(body)):
            refused_unchanged(http, request, status, code)

    def test_nor_one_that_has_begun(self, http, doctor):
        begun = cast.a_slot(doctor, hours=-1)
        body = cast.a_direction_request(begun, doctor.lpu)
        card = cast.a_patient(
            doctor.lpu, polis_number=body["patient"]["polis"]["number"], family="Сидорова", name="Мария"
        )
        booking.book(
            slot_guid=begun.guid,
            patient=card,
            source=Source.INTERNET,
            channels={Source.INTERNET},
            by=SYSTEM,
            now=begun.begin - dt.timedelta(minutes=1),
        )
        for request in (body, for_another(body)):
            refused_unchanged(http, request, 409, "slot_expired")

    @pytest.mark.parametrize("code", ["slot_taken", "slot_expired", "slot_unavailable"])
    def test_the_nearest_places_are_those_open_to_referred_patients(self, http, body, slot, doctor, code):
        """Of the doctor first, then of the speciality; five at most, each a whole Slot as the page shows it."""
        colleague = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
        theirs = [cast.a_slot(colleague, hours=hours) for hours in (30, 25, 35, 60)]
        own = [cast.a_slot(doctor, hours=hours) for hours in (50, 40)]
        cast.a_slot(doctor, hours=30, channels=["Internet"])
        assert book(http, for_another(body)).status_code == 201
        wanted = {
            "slot_taken": slot,
            "slot_expired": cast.a_slot(doctor, hours=-1),
            "slot_unavailable": cast.a_slot(doctor, hours=2, is_blocked=True),
        }
        details = refused_unchanged(http, changed(body, slot=str(wanted[code].guid)), 409, code)
        expected = [own[1], own[0], theirs[1], theirs[0], theirs[2]]
        assert [offer["guid"] for offer in details["nearest"]] == [str(free.guid) for free in expected]
        assert {offer["status"] for offer in details["nearest"]} == {"Available"}
        assert list(details["nearest"][0]) == list(REGISTRY[code].example["nearest"][0])

    def test_the_appointment_in_the_way_is_shown_as_in_the_example(self, http, body):
        book(http, body)
        second = {"direction_already_booked": body, "already_booked": by_another_direction(body)}
        for code, request in second.items():
            shown = refused_unchanged(http, request, 409, code)["appointment"]
            assert list(shown) == list(REGISTRY[code].example["appointment"])
            direction = REGISTRY["direction_already_booked"].example["appointment"]["direction"]
            assert list(shown["direction"]) == list(direction)
