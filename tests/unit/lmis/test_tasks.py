"""Housekeeping."""

import datetime as dt

import pytest
from django.utils import timezone

from lmis.celery import app
from lmis.models import FailedLogin, IdempotencyRecord
from lmis.services import credentials
from lmis.tasks import prune

DAY = dt.timedelta(days=1)


@pytest.mark.django_db
def test_prune_twice_is_as_good_as_once():
    now = timezone.now()
    for login, moment in [("old", now - DAY), ("new", now)]:
        credentials.failed(login=login, address="", now=moment)
        IdempotencyRecord.objects.create(
            principal="client:1", key=login, fingerprint=b"", status=200, body=b"", created_at=moment
        )
    for _ in range(2):
        prune()
        assert FailedLogin.objects.get().login == "new"
        assert IdempotencyRecord.objects.get().key == "new"


def test_beat_knows_it():
    app.finalize()
    assert app.conf.beat_schedule["lmis.prune"]["task"] == "lmis.prune"
