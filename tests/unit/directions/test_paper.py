"""Papers of other LPUs, entered at the desk."""

import datetime as dt
import logging
import uuid

import pytest

from directions.exceptions import (
    CardNotUsable,
    DiagnosisMalformed,
    PaperOfTheFuture,
    ReferringLpuUnknown,
)
from directions.info import DirectionInfo, SenderInfo
from directions.locks import direction_keys
from directions.models import Direction
from directions.services import paper, receiving
from lmis.actors import Actor
from lmis.models import Lpu, Speciality
from patients.info import Coded
from patients.locks import lock_identities
from tests.factories import cast
from tests.factories.directions import a_direction, row

NOW = dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC)
BY = Actor(label="ivanova")
pytestmark = pytest.mark.django_db


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def outside():
    return cast.an_lpu(own=False)


@pytest.fixture
def enter(patient, outside):
    def call(**fields):
        given = {"patient": patient, "lpu_from": outside.guid, "number": "14555", "by": BY, "now": NOW}
        return paper.enter(**given | fields)

    return call


def test_what_is_stored(enter, patient, lpu, outside):
    entered = enter(
        speciality=Speciality.objects.create(code="50", name="хирургия"),
        diagnosis=Coded("i10", "гипертензия"),
        reason=" консультация ",
        number=" 14555 ",
        date_direction=dt.date(2026, 4, 18),
        valid_until=dt.date(2026, 5, 20),
        sender=SenderInfo(family="Шишкин", name="Олег"),
    )
    stored = row(entered)
    assert (
        stored
        | {
            "origin": "desk",
            "number": "14555",
            "reason": "консультация",
            "speciality_code": "50",
            "speciality_name": "хирургия",
            "diagnosis_code": "I10",
            "diagnosis_name": "гипертензия",
            "lpu_from_id": outside.pk,
            "lpu_to_id": lpu.pk,
            "patient_id": patient.pk,
            "doctor_id": None,
            "date_direction": dt.datetime(2026, 4, 18, tzinfo=lpu.tz),
            "valid_until": dt.date(2026, 5, 20),
            "sender_family": "Шишкин",
            "sender_name": "Олег",
            "created_by": "ivanova",
            "created_at": NOW,
        }
        == stored
    )


def test_an_instant_is_kept(enter):
    assert row(enter(date_direction=NOW))["date_direction"] == NOW


class TestAgain:
    def test_the_same_is_given(self, enter):
        assert enter() == enter()
        assert Direction.objects.count() == 1

    @pytest.mark.parametrize("origin", ["desk", "received", "issued"])
    def test_whoever_told_us(self, enter, patient, outside, origin):
        known = a_direction(patient=patient, lpu_from=outside, origin=origin, number="14555")
        before = row(known)
        assert enter(reason="другое") == known
        assert row(known) == before, "nothing known is overwritten"

    def test_of_another_card_of_the_same_person(self, enter, patient, lpu, outside):
        twin = cast.a_patient(lpu, family=patient.family, polis_number=patient.polis_number)
        known = a_direction(patient=twin, lpu_from=outside, origin="desk", number="14555")
        assert enter() == known

    def test_what_was_blank_is_filled_in(self, enter):
        first = enter(reason="боль", diagnosis=Coded("I10", "гипертензия"))
        enter(
            reason="другая",
            diagnosis=Coded("J06.9", "ОРВИ"),
            speciality=Speciality.objects.create(code="", name="хирургия"),
            date_direction=dt.date(2026, 4, 18),
        )
        stored = row(first)
        assert (stored["reason"], stored["diagnosis_code"], stored["diagnosis_name"]) == ("боль", "I10", "гипертензия")
        assert (stored["speciality_name"], stored["date_direction"].date()) == ("хирургия", dt.date(2026, 4, 17))

    @pytest.mark.parametrize("differs", ["patient", "lpu_from", "number", "cancelled"])
    def test_not_when_anything_differs(self, enter, lpu, patient, outside, differs):
        known = a_direction(
            origin="desk",
            patient=cast.a_patient(lpu) if differs == "patient" else patient,
            lpu_from=cast.an_lpu(own=False) if differs == "lpu_from" else outside,
            number="14556" if differs == "number" else "14555",
            cancelled_at=NOW if differs == "cancelled" else None,
        )
        assert enter() != known

    def test_without_a_number_nothing_can_be_compared(self, enter):
        assert enter(number=" ") != enter(number="")


class TestFrom:
    def test_a_name_of_the_directory(self, enter, outside):
        Lpu.objects.filter(pk=outside.pk).update(name="Сосновская  ЦРБ", short_name="Сёмово")
        assert enter(lpu_from=" СЕМОВО ").lpu_from == outside

    def test_our_own_one_before_a_stranger_of_the_same_name(self, enter, lpu, outside):
        Lpu.objects.filter(pk__in=[lpu.pk, outside.pk]).update(short_name="Поликлиника № 1")
        assert enter(lpu_from="поликлиника № 1").lpu_from == lpu

    def test_a_name_never_heard_of_is_added_once(self, enter, caplog):
        with caplog.at_level(logging.INFO, "lmis"):
            first = enter(lpu_from="Участковая  больница, Сосновка")
        assert enter(lpu_from="участковая больница, сосновка") == first
        added = Lpu.objects.get(name="Участковая больница, Сосновка")
        assert (added.is_own, added.is_confirmed) == (False, False)
        assert f"{added.guid} added to the directory by its name, unconfirmed, by ivanova" in caplog.text

    @pytest.mark.parametrize("wrong", [uuid.uuid4(), "", "  "])
    def test_nobody_is_refused(self, enter, wrong):
        before = Lpu.objects.count()
        with pytest.raises(ReferringLpuUnknown):
            enter(lpu_from=wrong)
        assert (Direction.objects.count(), Lpu.objects.count()) == (0, before)


class TestRefusals:
    @pytest.mark.parametrize("wrong", ["withdrawn", "not ours"])
    def test_a_card_that_cannot_be_used(self, enter, patient, wrong):
        if wrong == "withdrawn":
            type(patient).objects.filter(pk=patient.pk).update(state="withdrawn")
        else:
            Lpu.objects.update(is_own=False)
        with pytest.raises(CardNotUsable):
            enter(lpu_from="новая")
        assert not Direction.objects.exists()
        assert not Lpu.objects.filter(name="новая").exists()

    def test_a_paper_of_tomorrow(self, enter):
        with pytest.raises(PaperOfTheFuture):
            enter(date_direction=dt.date(2026, 4, 21))
        assert enter(date_direction=dt.date(2026, 4, 20)).pk

    @pytest.mark.parametrize("code", ["10", "I1", "А10", "I10.", "I10+", "G63.2*", "I10.1234", "A00-A09", "I10 гб"])
    def test_no_code_of_icd(self, enter, code):
        with pytest.raises(DiagnosisMalformed):
            enter(diagnosis=Coded(code, "что-то"))
        assert not Direction.objects.exists()

    @pytest.mark.parametrize(("typed", "code"), [("i10", "I10"), (" j06,9 ", "J06.9"), ("M54 .56", "M54.56")])
    def test_a_code_is_written_as_icd_does(self, enter, typed, code):
        assert row(enter(diagnosis=Coded(typed, "что-то")))["diagnosis_code"] == code


def test_the_region_takes_over_what_the_desk_has_entered(enter, patient, outside, lpu):
    """Contract A.3: the same paper comes from the region with a guid of its own."""
    entered = enter()
    info = DirectionInfo(guid=uuid.uuid4(), lpu_from_guid=outside.guid, lpu_to_guid=lpu.guid, number="14555")
    lock_identities(direction_keys(info.guid, info.lpu_from_guid, info.number))
    taken = receiving.take(
        info=info, sender=SenderInfo(), patient=patient, lpu_to=lpu, lpu_from=outside, by="region", now=NOW
    )
    assert taken == entered
    assert (row(entered)["guid"], row(entered)["origin"]) == (info.guid, "received")
    assert enter() == entered
