"""No request of a caller talks to the broker: a booking waits for PostgreSQL alone (contract §2.4)."""

import pytest
import redis
from django.db import transaction
from redis.connection import AbstractConnection

from appointments.services import booking
from lmis.celery import app
from patients.models import CardUpload
from tests.factories import cast

pytestmark = pytest.mark.django_db(transaction=True)
BY_DIRECTION = "/api/dir/appointments"
OWN = "/api/appointments"


@pytest.fixture
def asked(monkeypatch):
    """The broker is gone: who connects to it, or uses a connection kept from before, gets an error and is noted."""
    notes = []

    def gone(*_args, **_kwargs):
        notes.append(1)
        raise redis.ConnectionError("gone")

    for name in ("connect", "send_packed_command"):
        monkeypatch.setattr(AbstractConnection, name, gone)
    return notes


def test_no_booking_and_no_cancelling_asks_the_broker(region, doctor, asked):
    by_direction, patient = region.http(), cast.a_patient(doctor.lpu)
    own = region.http(patient)
    for http, url, body in (
        (by_direction, BY_DIRECTION, cast.a_direction_request(cast.a_slot(doctor), doctor.lpu)),
        (own, OWN, {"slot": str(cast.a_slot(doctor, hours=30).guid)}),
    ):
        made = http.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY=f"made {url}")
        assert made.status_code == 201, made.content
        assert http.delete(f"{url}/{made.json()['guid']}", HTTP_IDEMPOTENCY_KEY=f"ended {url}").status_code == 200
    assert asked == []
    assert set(CardUpload.objects.values_list("state", flat=True)) == {"waiting"}  # the sweep will find them


def test_twin_one_that_tells_the_broker_of_its_card_does_not_answer_201(region, doctor, asked, monkeypatch):
    kept = booking.cards.locate

    def locate_and_tell(**given):
        card = kept(**given)
        transaction.on_commit(lambda: app.send_task("patients.upload_card", kwargs={"card_id": card.pk}))
        return card

    monkeypatch.setattr(booking.cards, "locate", locate_and_tell)
    http = region.http()
    http.raise_request_exception = False
    answer = http.post(BY_DIRECTION, cast.a_direction_request(cast.a_slot(doctor), doctor.lpu), format="json")
    assert answer.status_code != 201
    assert asked
