"""Two cards of one person become one: what moves, what is filled in, what is refused."""

import datetime as dt

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from appointments.models import Appointment
from appointments.services import integrity
from lmis.actors import SYSTEM
from patients.exceptions import CannotMerge
from patients.models import CardUpload, LikelyDuplicate, Patient, PatientPhone
from patients.services import likely_pairs, merging, search
from tests.factories import cast
from tests.factories.directions import an_issued, appoint
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def duplicate(lpu):
    return a_card(lpu, phone="+7 900 111-11-11", district="12", insurer="СМО", sex="F")


def merge(duplicate, into):
    return merging.merge(duplicate=duplicate, into=into, by=SYSTEM, now=NOW)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Patient, Appointment, PatientPhone)]


def refused(duplicate, into):
    """The text, and nothing has changed."""
    before = everything()
    with pytest.raises(CannotMerge) as caught:
        merge(duplicate, into)
    assert everything() == before
    return str(caught.value.message)


def booked(card, slot, **fields):
    return Appointment.objects.create(slot=slot, patient=card, number="01", **fields)


def test_the_duplicate_leads_to_its_survivor_and_the_mip_is_told(lpu, card, duplicate):
    CardUpload.objects.update(state="accepted", last_attempt_at=NOW)
    survivor = merge(duplicate, card)
    duplicate.refresh_from_db()
    assert (survivor, duplicate.state, duplicate.merged_into) == (card, "merged", card)
    assert CardUpload.objects.get(pk=duplicate.pk).state == "waiting"
    assert search.find(text=duplicate.polis_number, lpus=[lpu], today=NOW.date()) == [card]
    assert search.find(text=duplicate.card_number, lpus=[lpu], today=NOW.date()) == [card]
    assert LogEntry.objects.get_for_object(duplicate).first().changes_dict["state"] == ["active", "merged"]


def test_appointments_and_directions_move(card, duplicate):
    doctor = cast.a_doctor(card.lpu)
    coming = booked(duplicate, cast.a_slot(doctor))
    gone = booked(duplicate, cast.a_slot(doctor, hours=30), state="cancelled", cancelled_at=NOW)
    direction = an_issued(patient=duplicate)
    by_direction = appoint(direction, cast.a_doctor(card.lpu))
    shown = merging.preview(duplicate=duplicate, into=card).moves
    assert sorted(len(lines) for _title, lines in shown) == [1, 3]
    merge(duplicate, card)
    assert set(Appointment.objects.filter(patient=card)) == {coming, gone, by_direction}
    direction.refresh_from_db()
    assert direction.patient == card
    assert integrity.report() == []


def test_blanks_are_filled_and_nothing_is_overwritten(lpu, duplicate):
    card = a_card(lpu, phone="", address="", birth_date=None, district="7", snils="")
    PatientPhone.objects.create(patient=duplicate, number="4951234567", note="мать")
    assert merging.preview(duplicate=duplicate, into=card).filled.keys() >= {"phone", "address", "snils", "insurer"}
    survivor = merge(duplicate, card)
    assert (survivor.phone, survivor.address, survivor.birth_date) == (
        "+7 900 111-11-11",
        duplicate.address,
        duplicate.birth_date,
    )
    assert (survivor.district, survivor.insurer, survivor.snils) == ("7", "СМО", duplicate.snils)
    assert [phone.note for phone in survivor.phones.all()] == ["мать"]


def test_another_phone_becomes_a_further_one(card, duplicate):
    merge(duplicate, card)
    assert [phone.number for phone in card.phones.all()] == ["+7 900 111-11-11"]


def test_a_reason_for_no_polis_does_not_come_to_a_polis(lpu, card):
    duplicate = a_card(lpu, polis_number="", polis_type_code="", polis_type_name="", no_polis_reason="lost")
    assert merge(duplicate, card).no_polis_reason == ""


class TestRefusing:
    def test_two_appointments_in_one_slot(self, card, duplicate):
        slot = cast.a_slot(cast.a_doctor(card.lpu), capacity=2)
        booked(card, slot)
        booked(duplicate, slot, seat=2)
        text = refused(duplicate, card)
        assert timezone.localtime(slot.begin, card.lpu.tz).strftime("%H:%M") in text

    def test_one_of_them_cancelled_is_no_obstacle(self, card, duplicate):
        slot = cast.a_slot(cast.a_doctor(card.lpu), capacity=2)
        booked(card, slot)
        booked(duplicate, slot, seat=2, state="cancelled", cancelled_at=NOW)
        assert merge(duplicate, card)

    def test_one_card_twice(self, card):
        refused(card, card)

    def test_of_two_lpus(self, card):
        refused(a_card(cast.an_lpu()), card)

    @pytest.mark.parametrize("state", ["withdrawn", "merged"])
    def test_a_card_that_is_not_in_use(self, lpu, card, duplicate, state):
        third = a_card(lpu)
        Patient.objects.filter(pk=duplicate.pk).update(state=state, merged_into=third if state == "merged" else None)
        assert duplicate.card_number in refused(duplicate, card)
        assert duplicate.card_number in refused(card, duplicate)


class TestWritingForAMergedCard:
    """Whatever writes for a merged card, by SQL too, writes for its survivor."""

    def test_an_appointment_and_a_direction(self, card, duplicate):
        merge(duplicate, card)
        assert Appointment.objects.get(pk=booked(duplicate, cast.a_slot(cast.a_doctor(card.lpu))).pk).patient == card
        direction = an_issued(patient=duplicate)
        direction.refresh_from_db()
        assert direction.patient == card
        assert integrity.report() == []


class TestLikelyPairs:
    def pairs(self):
        return set(LikelyDuplicate.objects.filter(state="open").values_list("one_id", "other_id", "why"))

    @pytest.mark.parametrize(
        ("why", "columns"),
        [
            ("polis", ["polis_number"]),
            ("snils", ["snils"]),
            ("document", ["document_number"]),
        ],
    )
    def test_a_shared_paper(self, lpu, card, why, columns):
        other = a_card(lpu, family="Другая", **{name: getattr(card, name) for name in columns})
        a_card(lpu, family="Третья")
        assert likely_pairs.look(now=NOW) == 1
        assert self.pairs() == {(card.pk, other.pk, why)}

    def test_names_and_birth_date(self, lpu, card):
        a_card(lpu, birth_date=dt.date(1999, 1, 1))
        a_card(cast.an_lpu())
        other = a_card(lpu, family="ЕЛКИНА")
        likely_pairs.look(now=NOW)
        assert self.pairs() == {(card.pk, other.pk, "names")}

    def test_a_mothers_document_on_her_childs_card_means_nothing(self, lpu, card):
        a_card(lpu, document_number=card.document_number, birth_date=dt.date(2020, 1, 1))
        assert likely_pairs.look(now=NOW) == 0

    def test_what_was_decided_is_not_asked_again(self, lpu, card):
        a_card(lpu)
        likely_pairs.look(now=NOW)
        pair = LikelyDuplicate.objects.get()
        assert likely_pairs.is_different(pair=pair, by=SYSTEM, now=NOW)
        assert not likely_pairs.is_different(pair=pair, by=SYSTEM, now=NOW)
        assert likely_pairs.look(now=NOW) == 0
        assert self.pairs() == set()

    def test_merging_settles_the_pair(self, lpu, card):
        other = a_card(lpu)
        likely_pairs.look(now=NOW)
        merge(other, card)
        assert LikelyDuplicate.objects.get().state == "merged"
