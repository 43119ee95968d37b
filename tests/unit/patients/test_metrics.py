"""Uploads as Prometheus sees them."""

import datetime as dt

import pytest
from django.db.models import F
from django.utils import timezone

from patients.models import CardUpload, ExchangePause, MipGate, UploadMinute
from patients.services import figures
from tests.factories.cast import a_patient, an_lpu
from tests.scrape import scrape, scraped_text

pytestmark = pytest.mark.django_db


def test_without_cards_every_state_is_there():
    found = scrape()
    assert {found["lmis_uploads", state] for state in CardUpload.State.values} == {0}
    assert found["lmis_oldest_unsent_seconds"] == 0


def test_states_and_the_oldest_unsent():
    lpu = an_lpu()
    sent, *unsent = [a_patient(lpu) for _ in range(3)]
    CardUpload.objects.filter(patient=sent).update(state="accepted")
    found = scrape()
    assert found["lmis_uploads", "accepted"] == 1
    assert found["lmis_uploads", "waiting"] == 2
    assert 0 <= found["lmis_oldest_unsent_seconds"] < 3600
    old = CardUpload.objects.filter(pk__in=[sent.pk, unsent[0].pk])
    old.update(wanted_since=F("wanted_since") - dt.timedelta(hours=2))
    assert 7200 <= scrape()["lmis_oldest_unsent_seconds"] < 10800


def test_cards_that_fail_again_and_again():
    failing = a_patient(an_lpu())
    assert scrape()["lmis_uploads_failing"] == 0
    CardUpload.objects.filter(patient=failing).update(state="retry", attempts=4)
    found = scrape()
    assert (found["lmis_uploads_failing"], found["lmis_oldest_unsent_seconds"]) == (1, 0)


def test_a_scrape_counts_no_cards_while_others_do():
    a_patient(an_lpu())
    figures.keep(now=timezone.now())
    a_patient(an_lpu())
    assert scrape()["lmis_uploads", "waiting"] == 1


def test_figures_that_nobody_renews_are_not_believed():
    a_patient(an_lpu())
    figures.keep(now=timezone.now() - dt.timedelta(minutes=6))
    a_patient(an_lpu())
    assert scrape()["lmis_uploads", "waiting"] == 2


def test_figures_from_before_the_clock_was_set_back_are_not_believed_and_no_age_is_negative():
    waits = a_patient(an_lpu())
    CardUpload.objects.filter(pk=waits.pk).update(wanted_since=F("wanted_since") + dt.timedelta(hours=3))
    figures.keep(now=timezone.now() + dt.timedelta(hours=3))
    a_patient(waits.lpu)
    assert scrape()["lmis_uploads", "waiting"] == 2
    CardUpload.objects.exclude(patient=waits).update(state="accepted")
    assert scrape()["lmis_oldest_unsent_seconds"] == 0


def test_attempts():
    UploadMinute.objects.create(
        minute=timezone.now(), outcome="accepted", code="", count=3, milliseconds=600, le_100=1, le_300=3, le_1000=3,
        le_3000=3, le_10000=3,
    )  # fmt: skip
    found = scrape()
    assert found["lmis_upload_attempts_total", "accepted"] == 3
    assert found["lmis_upload_attempt_seconds_bucket", "accepted", "0.1"] == 1
    assert found["lmis_upload_attempt_seconds_bucket", "accepted", "+Inf"] == 3
    assert found["lmis_upload_attempt_seconds_sum", "accepted"] == 0.6


def test_the_gate():
    now = timezone.now()
    MipGate.objects.create(kind="credentials", reason="unauthorized", since=now, closed_until=now)
    found = scrape()
    assert (found["lmis_gate_shut", "credentials"], found["lmis_gate_shut", "outage"]) == (1, 0)
    MipGate.objects.update(kind="", since=None, closed_until=None)
    assert scrape()["lmis_gate_shut", "credentials"] == 0


def test_a_pause():
    assert scrape()["lmis_exchange_paused"] == 0
    now = timezone.now()
    until = now + dt.timedelta(hours=1)
    pause = ExchangePause.objects.create(reason="work", since=now - dt.timedelta(hours=1), until=until, started_by="x")
    assert scrape()["lmis_exchange_paused"] == 1
    pause.ended_at = now
    pause.save()
    assert scrape()["lmis_exchange_paused"] == 0


def test_nothing_of_the_patient():
    patient = a_patient(an_lpu())
    text = scraped_text()
    for value in (patient.family, patient.polis_number, str(patient.guid)):
        assert value not in text
