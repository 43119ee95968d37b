"""Directions that staff write."""

import datetime as dt

import pytest
from auditlog.models import LogEntry

from directions.exceptions import (
    CardNotUsable,
    DirectionCancelled,
    DirectionInUse,
    DoctorNotHere,
    LastDayOver,
    NotFollowed,
)
from directions.models import Direction, DirectionCounter
from directions.services import issuing
from lmis.actors import Actor
from lmis.models import Position, Speciality
from patients.info import Coded
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, appoint, row

NOW = dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC)
BY = Actor(label="ivanova")
pytestmark = pytest.mark.django_db


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def doctor(lpu):
    return cast.a_doctor(
        lpu,
        speciality=Speciality.objects.create(code="49", name="терапия"),
        position=Position.objects.create(code="777", name="врач-терапевт"),
        family="Шишкин",
        name="Олег",
        patronymic="Ильич",
    )


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def outside():
    return cast.an_lpu(own=False)


@pytest.fixture
def issue(doctor, patient, outside):
    def call(**fields):
        return issuing.issue(**{"doctor": doctor, "patient": patient, "lpu_to": outside, "by": BY, "now": NOW} | fields)

    return call


class TestIssue:
    def test_what_is_stored(self, issue, doctor, patient, lpu, outside):
        surgery = Speciality.objects.create(code="50", name="хирургия")
        issued = issue(
            speciality=surgery,
            diagnosis=Coded("I10", "гипертензия"),
            reason="консультация",
            valid_until=dt.date(2026, 5, 20),
        )
        stored = row(issued)
        assert (
            stored
            | {
                "origin": "issued",
                "number": "2026-000001",
                "reason": "консультация",
                "speciality_code": "50",
                "speciality_name": "хирургия",
                "diagnosis_code": "I10",
                "diagnosis_name": "гипертензия",
                "lpu_from_id": lpu.pk,
                "lpu_to_id": outside.pk,
                "patient_id": patient.pk,
                "doctor_id": doctor.pk,
                "date_direction": NOW,
                "valid_until": dt.date(2026, 5, 20),
                "sender_guid": doctor.guid,
                "sender_family": "Шишкин",
                "sender_name": "Олег",
                "sender_patronymic": "Ильич",
                "sender_position_code": "777",
                "sender_position_name": "врач-терапевт",
                "sender_speciality_code": "49",
                "sender_speciality_name": "терапия",
                "created_by": "ivanova",
                "created_at": NOW,
            }
            == stored
        )

    def test_the_sender_stays_as_he_was(self, issue, doctor):
        issued = issue()
        doctor.family = "Сосновский"
        doctor.save()
        assert row(issued)["sender_family"] == "Шишкин"

    def test_to_our_own_lpu(self, issue, lpu):
        assert issue(lpu_to=lpu).lpu_to == lpu

    @pytest.mark.parametrize(
        ("refusal", "spoil"),
        [
            (DoctorNotHere, lambda doctor, patient: {"doctor": _gone(doctor)}),
            (DoctorNotHere, lambda doctor, patient: {"doctor": cast.a_doctor(cast.an_lpu(own=False))}),
            (CardNotUsable, lambda doctor, patient: {"patient": cast.a_patient(cast.an_lpu())}),
            (CardNotUsable, lambda doctor, patient: {"patient": _withdrawn(patient)}),
            (LastDayOver, lambda doctor, patient: {"valid_until": dt.date(2026, 4, 19)}),
        ],
    )
    def test_refusals_change_nothing(self, issue, doctor, patient, refusal, spoil):
        with pytest.raises(refusal):
            issue(**spoil(doctor, patient))
        assert not Direction.objects.exists()
        assert not DirectionCounter.objects.exists()

    def test_the_card_is_read_afresh(self, issue, patient):
        _withdrawn(type(patient).objects.get(pk=patient.pk))
        with pytest.raises(CardNotUsable):
            issue(patient=patient)

    def test_good_for_today_is_good(self, issue):
        assert issue(valid_until=dt.date(2026, 4, 20)).pk

    def test_history(self, issue):
        issued = issue()
        entry = LogEntry.objects.get_for_object(issued).get()
        assert entry.action == LogEntry.Action.CREATE
        assert entry.object_repr == issued.number


class TestNumbers:
    def test_run_by_lpu(self, issue, doctor):
        other = cast.a_doctor()
        numbers = [issue().number, issue().number, issue(doctor=other, patient=cast.a_patient(other.lpu)).number]
        assert numbers == ["2026-000001", "2026-000002", "2026-000001"]

    def test_begin_anew_with_the_year_of_the_lpu(self, issue):
        """The new year comes to Moscow three hours before UTC."""
        eve = dt.datetime(2026, 12, 31, 20, 59, tzinfo=dt.UTC)
        assert issue(now=eve).number == "2026-000001"
        assert issue(now=eve + dt.timedelta(minutes=1)).number == "2027-000001"

    def test_imported_ones_are_skipped(self, issue, patient):
        an_issued(patient=patient, number="2026-000001")
        an_issued(patient=patient, number="2026-000002")
        a_direction(patient=patient, lpu_from=patient.lpu, number="2026-000003")
        assert issue().number == "2026-000003"


class TestCancel:
    def test_who_when_and_why(self, patient):
        issued = an_issued(patient=patient)
        before = row(issued)
        issuing.cancel(direction=issued, reason="не нужна", by=BY, now=NOW)
        assert row(issued) == before | {
            "cancelled_at": NOW,
            "cancelled_by": "ivanova",
            "cancel_reason": "не нужна",
        }

    def test_once(self, patient):
        issued = an_issued(patient=patient)
        issuing.cancel(direction=issued, reason="a", by=BY, now=NOW)
        with pytest.raises(DirectionCancelled):
            issuing.cancel(direction=issued, reason="b", by=BY, now=NOW + dt.timedelta(days=1))
        assert row(issued)["cancel_reason"] == "a"

    @pytest.mark.parametrize(
        ("state", "held"), [("booked", True), ("visited", True), ("missed", False), ("cancelled", False)]
    )
    def test_not_while_an_appointment_holds_it(self, lpu, patient, doctor, state, held):
        issued = an_issued(patient=patient, lpu_to=lpu)
        appoint(issued, doctor, state)
        if held:
            with pytest.raises(DirectionInUse):
                issuing.cancel(direction=issued, reason="", by=BY, now=NOW)
            assert row(issued)["cancelled_at"] is None
        else:
            assert issuing.cancel(direction=issued, reason="", by=BY, now=NOW).cancelled_at == NOW


class TestOutcome:
    def test_is_recorded_and_taken_back(self, patient):
        issued = an_issued(patient=patient)
        for outcome in ("booked", "done", ""):
            issuing.record_outcome(direction=issued, outcome=outcome, by=BY, now=NOW)
            assert row(issued)["outcome"] == outcome

    @pytest.mark.parametrize("what", ["to us", "received"])
    def test_of_what_is_not_followed(self, lpu, patient, what):
        direction = an_issued(patient=patient, lpu_to=lpu) if what == "to us" else a_direction(patient=patient)
        before = row(direction)
        with pytest.raises(NotFollowed):
            issuing.record_outcome(direction=direction, outcome="done", by=BY, now=NOW)
        assert row(direction) == before

    def test_one_that_there_is_not(self, patient):
        issued = an_issued(patient=patient)
        with pytest.raises(ValueError, match="lost"):
            issuing.record_outcome(direction=issued, outcome="lost", by=BY, now=NOW)
        assert row(issued)["outcome"] == ""

    def test_a_cancelled_one_has_none(self, patient):
        issued = an_issued(patient=patient, cancelled_at=NOW)
        with pytest.raises(DirectionCancelled):
            issuing.record_outcome(direction=issued, outcome="done", by=BY, now=NOW)


def _gone(doctor):
    doctor.is_active = False
    return doctor


def _withdrawn(patient):
    patient.state = "withdrawn"
    patient.save()
    return patient
