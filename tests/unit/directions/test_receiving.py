"""Contract A.3: what becomes of a direction that the region sends with a booking."""

import contextlib
import datetime as dt
import uuid

import pytest
from django.db import transaction

from directions.exceptions import (
    DirectionCancelled,
    DirectionExpired,
    DirectionMismatch,
    SpecialityMismatch,
)
from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction
from directions.services import receiving
from lmis.models import CodeMapping, Speciality
from patients.info import Coded
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, row, statements, told, told_sender

NOW = dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def sender_lpu():
    return cast.an_lpu(own=False)


def take(info, *, patient, lpu_from, sender=None):
    """As a booking calls it, the locks aside; returns the direction and the SQL it took."""
    with transaction.atomic(), statements() as sql:
        direction = receiving.take(
            info=info,
            sender=sender or SenderInfo(),
            patient=patient,
            lpu_to=patient.lpu,
            lpu_from=lpu_from,
            by="region",
            now=NOW,
        )
    return direction, [query["sql"] for query in sql if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_an_unknown_direction_is_created_from_what_was_sent(lpu, patient, sender_lpu):
    info = DirectionInfo(
        guid=uuid.uuid4(),
        lpu_from_guid=sender_lpu.guid,
        lpu_to_guid=lpu.guid,
        number="14555-9984",
        reason="боль",
        speciality=Coded("1234", "хирургия"),
        date_direction=dt.datetime(2026, 4, 19, tzinfo=dt.UTC),
        diagnosis=Coded("A01.0", "тиф"),
    )
    sender = SenderInfo(
        guid=uuid.uuid4(),
        family="Шишкин",
        name="Олег",
        patronymic="Ильич",
        position=Coded("777", "врач"),
        speciality=Coded("49", "терапия"),
    )

    direction, sql = take(info, patient=patient, lpu_from=sender_lpu, sender=sender)

    assert len(sql) == 2, "look, insert"
    stored = row(direction)
    assert (
        stored
        | {
            "guid": info.guid,
            "origin": "received",
            "number": "14555-9984",
            "reason": "боль",
            "speciality_code": "1234",
            "speciality_name": "хирургия",
            "lpu_from_id": sender_lpu.pk,
            "lpu_to_id": lpu.pk,
            "patient_id": patient.pk,
            "date_direction": info.date_direction,
            "diagnosis_code": "A01.0",
            "diagnosis_name": "тиф",
            "sender_guid": sender.guid,
            "sender_family": "Шишкин",
            "sender_name": "Олег",
            "sender_patronymic": "Ильич",
            "sender_position_code": "777",
            "sender_position_name": "врач",
            "sender_speciality_code": "49",
            "sender_speciality_name": "терапия",
            "created_by": "region",
            "created_at": NOW,
        }
        == stored
    )


def test_an_unknown_one_said_to_be_ours_is_created_too_and_does_not_become_an_issued_one(lpu, patient):
    info = DirectionInfo(guid=uuid.uuid4(), lpu_from_guid=lpu.guid, lpu_to_guid=lpu.guid)
    direction, _sql = take(info, patient=patient, lpu_from=lpu)
    assert row(direction)["origin"] == "received"
    assert not Direction.objects.issued_here().exists()


def test_a_known_unchanged_one_costs_one_statement_that_locks_it_alone(patient):
    known = a_direction(patient=patient)
    direction, sql = take(told(known), patient=patient, lpu_from=known.lpu_from, sender=told_sender(known))
    assert direction == known
    assert len(sql) == 1
    assert sql[0].endswith('FOR NO KEY UPDATE OF "directions_direction"')
    with statements() as later:
        assert direction.lpu_from == known.lpu_from
        assert direction.lpu_to == known.lpu_to
        assert direction.patient == patient
    assert len(later) == 0, "all that an answer shows is loaded"


UPDATES = [
    ({"number": "77"}, {}, {"number": "77"}),
    ({"reason": "кашель"}, {}, {"reason": "кашель"}),
    ({"speciality": Coded("50", "хирургия")}, {}, {"speciality_code": "50", "speciality_name": "хирургия"}),
    ({"diagnosis": Coded("I10", "ГБ")}, {}, {"diagnosis_name": "ГБ"}),
    ({}, {"family": "Сосновский"}, {"sender_family": "Сосновский"}),
    ({}, {"position": Coded("1", "врач")}, {"sender_position_code": "1", "sender_position_name": "врач"}),
    ({}, {"speciality": Coded("2", "")}, {"sender_speciality_code": "2"}),
    # a blank says nothing
    ({"number": "", "reason": "", "speciality": Coded(), "diagnosis": Coded()}, {}, {}),
    ({}, {"guid": None, "family": "", "name": ""}, {}),
    ({"speciality": Coded("49", "")}, {}, {}),
    # another thing comes without the old one's name
    ({"speciality": Coded("50", "")}, {}, {"speciality_code": "50", "speciality_name": ""}),
    ({}, {"family": "Сосновский", "name": ""}, {"sender_family": "Сосновский", "sender_name": ""}),
    # never the date, nor the receiver
    ({"date_direction": NOW, "lpu_to_guid": uuid.uuid4()}, {}, {}),
]


@pytest.mark.parametrize(("changes", "sender_changes", "expected"), UPDATES)
@pytest.mark.parametrize("origin", ["received", "desk"])
def test_anothers_direction_is_brought_up_to_date(patient, origin, changes, sender_changes, expected):
    known = a_direction(patient=patient, origin=origin)
    before = row(known)

    direction, sql = take(
        told(known, **changes),
        patient=patient,
        lpu_from=known.lpu_from,
        sender=told_sender(known, **sender_changes),
    )

    assert row(known) == before | expected
    assert len(sql) == (2 if expected else 1)
    assert {name: getattr(direction, name) for name in expected} == expected


def test_another_senders_snapshot_replaces_the_old_one_as_a_whole(patient):
    known = a_direction(patient=patient, sender_position_code="777", sender_position_name="врач")
    guid = uuid.uuid4()
    take(told(known), patient=patient, lpu_from=known.lpu_from, sender=SenderInfo(guid=guid, family="Сосновский"))
    stored = row(known)
    assert stored["sender_guid"] == guid
    assert [stored[name] for name in ("sender_family", "sender_name", "sender_position_code")] == ["Сосновский", "", ""]


def test_one_issued_here_is_never_changed(lpu, patient):
    known = an_issued(patient=patient, lpu_to=lpu)
    before = row(known)
    info = told(known, number="77", reason="x", speciality=Coded("5", "y"), diagnosis=Coded("B", "z"))
    direction, sql = take(info, patient=patient, lpu_from=lpu, sender=SenderInfo(guid=uuid.uuid4(), family="Чужой"))
    assert direction == known
    assert row(known) == before
    assert len(sql) == 1


class TestOurDesk:
    """One entered from paper takes over the guid that the region names."""

    def test_same_lpu_number_and_patient(self, patient, sender_lpu):
        paper = a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555")
        guid = uuid.uuid4()
        direction, sql = take(told(paper, guid=guid, reason="кашель"), patient=patient, lpu_from=sender_lpu)
        assert direction == paper
        assert len(sql) == 2, "look, one update"
        assert row(paper) | {"guid": guid, "origin": "received", "reason": "кашель"} == row(paper)

    def test_only_once(self, patient, sender_lpu):
        paper = a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555")
        guid = uuid.uuid4()
        take(told(paper, guid=guid), patient=patient, lpu_from=sender_lpu)
        second, _sql = take(told(paper, guid=uuid.uuid4()), patient=patient, lpu_from=sender_lpu)
        assert second != paper
        assert row(paper)["guid"] == guid

    @pytest.mark.parametrize("differs", ["patient", "lpu_from", "number", "blank number", "origin"])
    def test_not_when_anything_differs(self, lpu, patient, sender_lpu, differs):
        paper = a_direction(
            patient=cast.a_patient(lpu) if differs == "patient" else patient,
            lpu_from=cast.an_lpu(own=False) if differs == "lpu_from" else sender_lpu,
            origin="received" if differs == "origin" else "desk",
            number={"number": "14556", "blank number": ""}.get(differs, "14555"),
        )
        before = row(paper)
        number = "" if differs == "blank number" else "14555"
        info = told(paper, guid=uuid.uuid4(), number=number)
        direction, _sql = take(info, patient=patient, lpu_from=sender_lpu)
        assert direction != paper
        assert row(paper) == before

    def test_the_guid_comes_before_the_number(self, patient, sender_lpu):
        paper = a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555")
        known = a_direction(patient=patient, lpu_from=sender_lpu, number="14555")
        direction, _sql = take(told(known), patient=patient, lpu_from=sender_lpu)
        assert direction == known
        assert row(paper)["origin"] == "desk"

    def test_a_live_one_comes_before_a_cancelled_one(self, patient, sender_lpu):
        a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555", cancelled_at=NOW)
        live = a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555")
        direction, _sql = take(told(live, guid=uuid.uuid4()), patient=patient, lpu_from=sender_lpu)
        assert direction == live

    def test_a_cancelled_one_is_still_the_same_direction(self, patient, sender_lpu):
        paper = a_direction(patient=patient, lpu_from=sender_lpu, origin="desk", number="14555", cancelled_at=NOW)
        with pytest.raises(DirectionCancelled):
            take(told(paper, guid=uuid.uuid4()), patient=patient, lpu_from=sender_lpu)
        assert Direction.objects.count() == 1


class TestMismatch:
    @pytest.mark.parametrize("origin", ["received", "desk", "issued"])
    def test_known_with_another_patient(self, lpu, patient, origin):
        known = a_direction(patient=patient, origin=origin)
        before = row(known)
        with pytest.raises(DirectionMismatch):
            take(told(known, reason="x"), patient=cast.a_patient(lpu), lpu_from=known.lpu_from)
        assert row(known) == before

    def test_known_from_another_lpu(self, patient, sender_lpu):
        known = a_direction(patient=patient)
        with pytest.raises(DirectionMismatch):
            take(told(known), patient=patient, lpu_from=sender_lpu)
        assert row(known)["lpu_from_id"] == known.lpu_from_id

    def test_comes_before_cancelled(self, patient, sender_lpu):
        known = a_direction(patient=patient, cancelled_at=NOW)
        with pytest.raises(DirectionMismatch):
            take(told(known), patient=patient, lpu_from=sender_lpu)


class TestTwoOwnLpus:
    """The direction knows the card of the LPU that issued it, the booking that of the LPU that receives it."""

    def test_two_cards_of_one_person(self, lpu):
        branch = cast.an_lpu()
        here = cast.a_patient(lpu, family="Фёдорова", polis_number="1234567812345678")
        there = cast.a_patient(branch, family="Федорова", polis_number="1234567812345678", name="")
        issued = an_issued(patient=here, lpu_to=branch)
        direction, _sql = take(told(issued), patient=there, lpu_from=lpu)
        assert direction == issued
        assert row(issued)["patient_id"] == here.pk

    def test_issued_to_another_it_is_not_used_up_here(self, lpu, sender_lpu):
        patient = cast.a_patient(lpu)
        for elsewhere in (sender_lpu, cast.an_lpu()):
            with pytest.raises(DirectionMismatch):
                take(told(an_issued(patient=patient, lpu_to=elsewhere)), patient=patient, lpu_from=lpu)

    def test_two_persons_by_their_birth_dates(self, lpu):
        branch = cast.an_lpu()
        same = {"family": "Иванов", "document_series": "4510", "document_number": "654321"}
        child = cast.a_patient(lpu, birth_date=dt.date(2015, 3, 1), **same)
        father = cast.a_patient(branch, birth_date=dt.date(1985, 3, 1), **same)
        with pytest.raises(DirectionMismatch):
            take(told(an_issued(patient=child, lpu_to=branch)), patient=father, lpu_from=lpu)

    def test_two_persons(self, lpu):
        branch = cast.an_lpu()
        issued = an_issued(patient=cast.a_patient(lpu), lpu_to=branch)
        with pytest.raises(DirectionMismatch):
            take(told(issued), patient=cast.a_patient(branch), lpu_from=lpu)

    def test_a_paper_entered_in_the_other_branch(self, lpu, sender_lpu):
        branch = cast.an_lpu()
        here = cast.a_patient(lpu, polis_number="1234567812345678", family="", name="")
        there = cast.a_patient(branch, polis_number="1234567812345678")
        paper = a_direction(patient=here, lpu_from=sender_lpu, origin="desk")
        direction, _sql = take(told(paper, guid=uuid.uuid4()), patient=there, lpu_from=sender_lpu)
        assert direction == paper


def test_a_card_merged_into_the_bookings_one_is_the_same_patient(lpu, patient):
    merged = cast.a_patient(lpu, state="merged", merged_into=patient)
    known = a_direction(patient=merged)
    direction, _sql = take(told(known), patient=patient, lpu_from=known.lpu_from)
    assert direction == known


def test_a_cancelled_one_is_refused_and_not_changed(patient):
    known = a_direction(patient=patient, cancelled_at=NOW)
    with pytest.raises(DirectionCancelled):
        take(told(known, reason="x"), patient=patient, lpu_from=known.lpu_from)
    assert row(known)["reason"] == known.reason


class TestExpiry:
    """Good to the end of its last day in the referring LPU's time zone; asked for by a setting."""

    @pytest.fixture(autouse=True)
    def _checked(self, settings):
        settings.CHECK_DIRECTION_EXPIRY = True

    @pytest.mark.parametrize(
        ("now", "expired"),
        [
            (dt.datetime(2026, 4, 20, 15, 59, tzinfo=dt.UTC), False),  # 23:59 in Irkutsk
            (dt.datetime(2026, 4, 20, 16, 0, tzinfo=dt.UTC), True),  # midnight
        ],
    )
    def test_last_day(self, patient, monkeypatch, now, expired):
        monkeypatch.setitem(globals(), "NOW", now)
        known = a_direction(
            patient=patient,
            lpu_from=cast.an_lpu(own=False, time_zone="Asia/Irkutsk"),
            valid_until=dt.date(2026, 4, 20),
        )
        if expired:
            with pytest.raises(DirectionExpired):
                take(told(known), patient=patient, lpu_from=known.lpu_from)
        else:
            assert take(told(known), patient=patient, lpu_from=known.lpu_from)[0] == known

    def test_not_without_a_last_day(self, patient):
        known = a_direction(patient=patient)
        assert take(told(known), patient=patient, lpu_from=known.lpu_from)[0] == known

    def test_off_by_default(self, patient, settings):
        settings.CHECK_DIRECTION_EXPIRY = False
        known = a_direction(patient=patient, valid_until=dt.date(2020, 1, 1))
        assert take(told(known), patient=patient, lpu_from=known.lpu_from)[0] == known


@pytest.mark.parametrize(
    ("asked", "direction_code", "doctor_code", "refused"),
    [
        (True, "49", "50", True),
        (True, "49", "49", False),
        (True, "", "50", False),
        (True, "49", "", False),
        (False, "49", "50", False),
    ],
)
def test_speciality(patient, settings, asked, direction_code, doctor_code, refused):
    settings.CHECK_DIRECTION_SPECIALITY = asked
    direction = a_direction(patient=patient, speciality_code=direction_code)
    speciality = Speciality(code=doctor_code, name="терапия")
    if refused:
        with pytest.raises(SpecialityMismatch):
            receiving.check_speciality(direction=direction, speciality=speciality)
    else:
        receiving.check_speciality(direction=direction, speciality=speciality)


@pytest.mark.parametrize(
    ("told", "ours", "refused"),
    [
        (("", "49"), ("1.2", "7"), False),
        (("", "49"), ("1.2", "8"), True),
        (("", "50"), ("1.2", "7"), False),
        (("", "49"), ("3.4", "7"), False),
        (("1.2", "7"), ("1.2", "8"), True),
        (("1.2", "7"), ("3.4", "8"), False),
    ],
    ids=["as mapped", "not as mapped", "not mapped", "not to this dictionary", "one dictionary", "two dictionaries"],
)
def test_speciality_by_the_codes_of_the_region(patient, settings, told, ours, refused):
    settings.CHECK_DIRECTION_SPECIALITY, settings.REGION = True, "Н-ская область"
    row = {"kind": "speciality", "region_code": "49", "oid": "1.2"}
    CodeMapping.objects.create(region="Н-ская область", code="7", **row)
    CodeMapping.objects.create(region="соседняя область", code="8", **row)
    direction = a_direction(patient=patient, speciality_oid=told[0], speciality_code=told[1])
    speciality = Speciality(oid=ours[0], code=ours[1], name="терапия")
    with pytest.raises(SpecialityMismatch) if refused else contextlib.nullcontext():
        receiving.check_speciality(direction=direction, speciality=speciality)
