"""The tasks, on the real broker: what is told, to whom, and what happens when the broker is away."""

import contextlib
import datetime as dt

import pytest
from django.conf import settings as configured
from django.utils import timezone
from kombu import Connection

from lmis.celery import app
from patients import tasks
from patients.models import CardUpload
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mip(settings):
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip", "TIMEOUT": 1.0}


@pytest.fixture
def queue():
    """The queue of the uploads, empty."""
    with Connection(configured.CELERY_BROKER_URL) as connection:
        found = connection.SimpleQueue("mip")
        found.clear()
        yield found
        found.clear()
        found.close()


def messages(queue):
    found = []
    with contextlib.suppress(queue.Empty):
        while message := queue.get_nowait():
            message.ack()
            found.append(message)
    return found


def test_a_sweep_asks_for_a_sender_and_names_no_card(lpu, queue):
    for _ in range(2):
        a_card(lpu)
    tasks.sweep_uploads()
    (told,) = messages(queue)
    assert told.headers["task"] == "patients.send_due_cards"
    assert told.payload[:2] == [[], {}]
    assert told.headers["expires"]


def test_a_sweep_asks_for_nobody_when_nothing_is_due(card, queue):
    CardUpload.objects.filter(pk=card.pk).update(state="accepted")
    tasks.sweep_uploads()
    assert messages(queue) == []


def test_what_a_clock_that_was_set_back_holds_up_is_let_go_every_half_minute(card):
    CardUpload.objects.filter(pk=card.pk).update(due_at=timezone.now() + dt.timedelta(hours=3))
    tasks.put_concerned_first()
    assert CardUpload.objects.get(pk=card.pk).due_at <= timezone.now()


def test_a_sweep_without_a_mip_asks_for_nobody(card, queue, settings):
    settings.MIP = {**settings.MIP, "URL": ""}
    tasks.sweep_uploads()
    assert messages(queue) == []


def test_a_sweep_that_loses_the_broker_leaves_the_cards_to_the_next(card, monkeypatch):
    before = CardUpload.objects.values().get(pk=card.pk)
    with app.connection_for_write(url="redis://127.0.0.1:9/0", connect_timeout=0.2) as away:
        nobody = app.amqp.Producer(away, auto_declare=False)
        monkeypatch.setattr(app, "producer_or_acquire", lambda producer=None: contextlib.nullcontext(nobody))
        tasks.sweep_uploads()
    assert CardUpload.objects.values().get(pk=card.pk) == before


def test_an_upload_of_a_card_that_is_gone_or_settled_does_nothing(card):
    CardUpload.objects.filter(pk=card.pk).update(state="accepted")
    tasks.upload_card(card_id=card.pk)
    tasks.upload_card(card_id=card.pk + 1_000_000, a_later_argument=1)
    assert CardUpload.objects.get(pk=card.pk).attempts == 0


def test_an_upload_that_meets_nobody_is_repeated_later(card):
    now = timezone.now()
    tasks.upload_card(card_id=card.pk)
    row = CardUpload.objects.get(pk=card.pk)
    assert (row.state, row.error_code, row.attempts) == ("retry", "no_connection", 1)
    assert row.due_at > now


def test_how_often():
    app.loader.import_default_modules()
    app.finalize()
    entry = app.conf.beat_schedule["patients.sweep_uploads"]
    assert entry["schedule"] == configured.MIP["SWEEP_SECONDS"]
