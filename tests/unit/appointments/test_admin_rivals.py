"""The staff's acts on real transactions: what a rival does to them, and what an error leaves behind."""

import threading

import pytest
from auditlog.models import LogEntry
from django.db import connections, transaction

from appointments.models import Appointment, Slot
from tests.factories import cast
from tests.factories.staff import an_employee, page

pytestmark = pytest.mark.django_db(transaction=True)
EN = {"accept-language": "en"}


@pytest.fixture
def boss(client):
    """An administrator."""
    client.force_login(an_employee("administrator"))
    return client


@pytest.fixture
def held():
    """A slot whose row somebody else holds until the test is over."""
    slot = cast.a_slot(cast.a_doctor())
    taken, over = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                Slot.objects.select_for_update().get(pk=slot.pk)
                taken.set()
                over.wait()
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    yield slot
    over.set()
    thread.join()


def test_a_booking_does_not_wait_for_ever_and_says_so(boss, held):
    patient = cast.a_patient(held.doctor.lpu)
    response = boss.post(page("appointments.appointment", "add"), {"slot": held.pk, "patient": patient.pk}, headers=EN)
    assert response.context["adminform"].form.non_field_errors() == ["Too busy at the moment. Try again in a moment."]
    assert not Appointment.objects.exists()


def test_nor_does_a_block(boss, held):
    url = page("appointments.slot", "block_one", held.pk)
    response = boss.post(url, {"confirmed": "1", "reason": "repair"}, headers=EN)
    assert response.context["form"].non_field_errors() == ["Too busy at the moment. Try again in a moment."]
    held.refresh_from_db()
    assert not held.is_blocked


def test_a_saving_that_fails_at_its_end_leaves_nothing(boss, monkeypatch):
    room = page("lmis.room", "add")
    lpu = cast.an_lpu()
    entries = LogEntry.objects.count()

    def fail(*args, **kwargs):
        raise RuntimeError("the end")

    monkeypatch.setattr("django.contrib.admin.options.ModelAdmin.log_addition", fail)
    with pytest.raises(RuntimeError, match="the end"):
        boss.post(room, {"lpu": lpu.pk, "number": "101", "floor": ""})
    assert not lpu.rooms.exists()
    assert LogEntry.objects.count() == entries
