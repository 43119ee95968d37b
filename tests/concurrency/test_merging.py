"""A card is merged away while somebody books for it: in either order nothing is left on the merged card."""

import contextlib

import pytest
from django.db import connection, transaction
from django.utils import timezone

from appointments.models import Appointment
from appointments.services import booking
from lmis.actors import SYSTEM
from lmis.services.transactions import run_write
from patients.models import Patient
from patients.querysets import PatientQuerySet
from patients.services import merging
from tests.concurrency.conftest import elsewhere, wait_until_somebody_waits
from tests.factories import cast
from tests.factories.patients import a_card

pytestmark = pytest.mark.concurrency


@pytest.fixture
def cards():
    lpu = cast.an_lpu()
    return [a_card(lpu) for _ in range(2)]


@pytest.fixture
def slot(cards):
    return cast.a_slot(cast.a_doctor(cards[0].lpu))


def book(card, slot):
    return booking.book(
        slot_guid=slot.guid,
        patient=card,
        source="Registry",
        channels={"Registry"},
        by=SYSTEM,
        now=timezone.now(),
    )


def merge(duplicate, into):
    return merging.merge(duplicate=duplicate, into=into, by=SYSTEM, now=timezone.now())


def left_on_merged():
    return Appointment.objects.filter(patient__state="merged").count()


class TestMergeFirst:
    """The booking comes while the merge is not committed yet."""

    def run(self, cards, slot):
        duplicate, into = cards
        with elsewhere() as submit:
            with transaction.atomic():
                merge(duplicate, into)
                rival = submit(lambda: run_write(lambda: book(duplicate, slot)))
                wait_until_somebody_waits()
            rival.result(timeout=30)

    def test_the_booking_goes_to_the_survivor(self, cards, slot):
        self.run(cards, slot)
        assert Appointment.objects.get().patient == cards[1]

    def test_twin_without_the_trigger_it_stays_on_the_merged_card(self, cards, slot):
        with _trigger_off():
            self.run(cards, slot)
        assert left_on_merged() == 1


class TestBookingFirst:
    """The merge comes while the booking is not committed yet."""

    def run(self, cards, slot):
        duplicate, into = cards
        with elsewhere() as submit:
            with transaction.atomic():
                book(duplicate, slot)
                rival = submit(lambda: run_write(lambda: merge(duplicate, into)))
                self.give_it_time(rival)
            rival.result(timeout=30)

    @staticmethod
    def give_it_time(rival):
        """Until it waits for us, or (in the twin) is done without waiting."""
        while not rival.done():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
                if cursor.fetchone()[0]:
                    return

    def test_the_appointment_moves(self, cards, slot):
        self.run(cards, slot)
        assert Appointment.objects.get().patient == cards[1]

    def test_twin_with_a_lock_that_a_foreign_key_passes_it_stays_behind(self, cards, slot, monkeypatch):
        strong = PatientQuerySet.select_for_update
        monkeypatch.setattr(
            PatientQuerySet, "select_for_update", lambda self, **kwargs: strong(self, **kwargs | {"no_key": True})
        )
        self.run(cards, slot)
        assert left_on_merged() == 1


class TestTwoMerges:
    """A into B and B into A at once: one is done, the other is told that its card is merged already."""

    def test_one_survives(self, cards):
        one, two = cards
        with elsewhere() as submit:
            with transaction.atomic():
                merge(one, two)
                rival = submit(lambda: run_write(lambda: merge(two, one)))
                wait_until_somebody_waits()
            with pytest.raises(merging.CannotMerge):
                rival.result(timeout=30)
        assert list(Patient.objects.order_by("pk").values_list("state", flat=True)) == ["merged", "active"]


@contextlib.contextmanager
def _trigger_off():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'appointments_appointment'::regclass"
            " AND tgname LIKE 'pgtrigger_appointment_of_survivor%'"
        )
        name = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE appointments_appointment DISABLE TRIGGER {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE appointments_appointment ENABLE TRIGGER {name}")
