"""Whose card goes first, and how many of those who come the region does not know."""

import datetime as dt

import pytest
from django.utils import timezone

from appointments.models import Appointment
from lmis.actors import SYSTEM
from patients.models import CardUpload, Patient
from patients.services import concerned, figures, uploads
from tests.factories.cast import a_doctor, a_patient, a_slot
from tests.factories.directions import a_direction
from tests.scrape import scrape
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def doctor():
    return a_doctor()


def booked(slot, card, **columns):
    """By hand, so that it may lie in the past."""
    return Appointment.objects.create(slot=slot, patient=card, number="01", **columns)


def coming(doctor, *, hours=24, **columns):
    """Somebody booked, so many hours from now."""
    return booked(a_slot(doctor, hours=hours), a_patient(doctor.lpu), **columns).patient


def order(card):
    return CardUpload.objects.get(pk=card.pk).priority


@pytest.fixture(params=["few", "many"])
def put_first(request, monkeypatch):
    """Both ways of doing it: by the cards that wait, and in a backlog."""
    if request.param == "few":
        return concerned.put_first
    monkeypatch.setattr(concerned, "FEW", 0)
    return concerned.put_first_among_many


@pytest.fixture(params=["few", "many"])
def missing(request, monkeypatch, now):
    if request.param == "many":
        monkeypatch.setattr(concerned, "FEW", 0)
    return lambda: {upload.pk for upload in concerned.missing(now=now)}


class TestOrder:
    def test_whoever_comes_goes_first(self, doctor, put_first, now):
        soon, later, nobody = coming(doctor), coming(doctor, hours=24 * 30), a_patient(doctor.lpu)
        assert put_first(now=now) == 2
        assert [order(card) for card in (soon, later, nobody)] == [0, 0, 1]
        assert put_first(now=now) == 0

    def test_not_who_came_yesterday_or_has_cancelled(self, doctor, put_first, now):
        past = coming(doctor, hours=-24)
        cancelled = coming(doctor, state="cancelled", cancelled_at=now)
        assert put_first(now=now) == 0
        assert [order(past), order(cancelled)] == [1, 1]

    def test_whoever_has_an_open_direction_goes_first(self, doctor, put_first, now):
        card = a_patient(doctor.lpu)
        a_direction(patient=card)
        assert put_first(now=now) == 1
        assert order(card) == 0

    @pytest.mark.parametrize("closed", ["cancelled", "expired", "done", "booked elsewhere", "forgotten", "visited"])
    def test_not_who_has_a_closed_one(self, doctor, put_first, now, closed):
        card = a_patient(doctor.lpu)
        columns = {
            "cancelled": {"cancelled_at": now},
            "expired": {"valid_until": (now - 2 * DAY).date()},
            "done": {"outcome": "done"},
            "booked elsewhere": {"outcome": "booked"},
            "forgotten": {"created_at": now - 400 * DAY},
        }
        direction = a_direction(patient=card, **columns.get(closed, {}))
        if closed == "visited":
            booked(a_slot(doctor, hours=-2), card, direction=direction, state="visited")
        assert put_first(now=now) == 0
        assert order(card) == 1

    def test_what_is_on_its_way_or_settled_is_left_alone(self, doctor, put_first, now):
        flying, settled = coming(doctor), coming(doctor, hours=25)
        uploads.claim(now=now + DAY, card_id=flying.pk)
        CardUpload.objects.filter(pk=settled.pk).update(state="rejected")
        assert put_first(now=now) == 0
        assert [order(flying), order(settled)] == [1, 1]

    def test_who_is_only_sent_once_more_holds_up_nobody(self, doctor, put_first, now):
        known, stale = coming(doctor), coming(doctor, hours=25)
        columns = {"state": "waiting", "priority": 2}
        CardUpload.objects.filter(pk=known.pk).update(accepted_version=known.version, **columns)
        CardUpload.objects.filter(pk=stale.pk).update(accepted_version=stale.version - 1, **columns)
        assert put_first(now=now) == 1
        assert [order(known), order(stale)] == [2, 0]

    def test_few_are_not_many(self, doctor, now):
        coming(doctor)
        assert concerned.put_first_among_many(now=now) == 0

    def test_many_are_not_few(self, doctor, now, monkeypatch):
        monkeypatch.setattr(concerned, "FEW", 0)
        coming(doctor)
        assert concerned.put_first(now=now) == 0


class TestMetric:
    def test_how_many_prometheus_reads(self, doctor):
        for hours in (24, 30, 24 * 30):
            coming(doctor, hours=hours)
        a_patient(doctor.lpu)
        assert scrape()["lmis_patients_concerned"] == 2

    def test_as_counted_last(self, doctor, now):
        coming(doctor)
        figures.keep(now=now)
        coming(doctor, hours=30)
        assert scrape()["lmis_patients_concerned"] == 1


class TestMissing:
    def test_those_of_the_next_seven_days(self, doctor, missing):
        soon, at_the_end, _later = coming(doctor), coming(doctor, hours=7 * 24 - 1), coming(doctor, hours=7 * 24 + 1)
        directed, _nobody = a_patient(doctor.lpu), a_patient(doctor.lpu)
        a_direction(patient=directed)
        assert missing() == {soon.pk, at_the_end.pk, directed.pk}

    @pytest.mark.parametrize("state", ["waiting", "retry", "rejected", "duplicate"])
    def test_whatever_keeps_them_back(self, doctor, missing, state):
        card = coming(doctor)
        CardUpload.objects.filter(pk=card.pk).update(state=state)
        assert missing() == {card.pk}

    @pytest.mark.parametrize("state", ["accepted", "not_needed"])
    def test_not_what_needs_nothing(self, doctor, missing, state):
        CardUpload.objects.filter(pk=coming(doctor).pk).update(state=state)
        assert missing() == set()

    def test_not_what_the_mip_has_and_is_only_sent_once_more(self, doctor, missing, now):
        card = coming(doctor)
        CardUpload.objects.filter(pk=card.pk).update(state="accepted", accepted_version=card.version)
        uploads.send_again(cards=[card.pk], by=SYSTEM, now=now)
        assert missing() == set()
        Patient.objects.filter(pk=card.pk).update(phone="1")
        assert missing() == {card.pk}

    def test_a_patient_with_two_visits_counts_once(self, doctor, now):
        card = coming(doctor)
        booked(a_slot(doctor, hours=48), card)
        a_direction(patient=card)
        assert concerned.count(now=now) == 1

    def test_statements(self, doctor, now):
        coming(doctor)
        with statements() as found:
            assert concerned.count(now=now) == 1
        assert len(found) == 4, listed(found)  # who waits, who comes, who has a direction, the count
