"""Uploads as Prometheus sees them."""

import datetime as dt

import pytest
from django.db.models import F
from django.test import Client

from patients.models import CardUpload, Patient
from tests.factories.cast import a_patient, an_lpu

pytestmark = pytest.mark.django_db


def figures():
    lines = Client().get("/metrics").content.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_without_cards_every_state_is_there():
    found = figures()
    assert {found[f'lmis_uploads{{state="{state}"}}'] for state in CardUpload.State.values} == {0}
    assert found["lmis_oldest_unsent_seconds"] == 0


def test_states_and_the_oldest_unsent():
    lpu = an_lpu()
    sent, *unsent = [a_patient(lpu) for _ in range(3)]
    CardUpload.objects.filter(patient=sent).update(state="accepted")
    found = figures()
    assert found['lmis_uploads{state="accepted"}'] == 1
    assert found['lmis_uploads{state="waiting"}'] == 2
    assert 0 <= found["lmis_oldest_unsent_seconds"] < 3600
    Patient.objects.filter(pk__in=[sent.pk, unsent[0].pk]).update(updated_at=F("updated_at") - dt.timedelta(hours=2))
    assert 7200 <= figures()["lmis_oldest_unsent_seconds"] < 10800


def test_nothing_of_the_patient():
    patient = a_patient(an_lpu())
    text = Client().get("/metrics").content.decode()
    for value in (patient.family, patient.polis_number, str(patient.guid)):
        assert value not in text
