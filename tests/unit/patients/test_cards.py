"""Contract A.2 on the database: found, made, filled in, refused."""

import datetime as dt

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from lmis.actors import SYSTEM, Actor
from patients.exceptions import CardExists, LpuNotOwn, PatientAmbiguous
from patients.info import PatientInfo
from patients.locks import identity_keys, lock_identities
from patients.models import CardUpload, Patient
from patients.services import cards
from patients.services.phones import Phone
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card, an_info, document_of, polis_of
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


def locate(lpu, info):
    """As the booking does it."""
    with transaction.atomic():
        lock_identities(identity_keys(lpu_guid=lpu.guid, info=info))
        return cards.locate(lpu=lpu, info=info, by="region")


def refuses(lpu, info):
    """PatientAmbiguous, and nothing has changed."""
    before = list(Patient.objects.order_by("pk").values())
    with pytest.raises(PatientAmbiguous):
        locate(lpu, info)
    assert list(Patient.objects.order_by("pk").values()) == before


class TestFinding:
    def test_by_polis(self, lpu, card):
        assert locate(lpu, an_info(polis=polis_of(card))) == card

    def test_by_document_when_nobody_has_the_polis(self, lpu, card):
        assert locate(lpu, an_info(polis=("", "404"), document=document_of(card))) == card

    def test_the_polis_goes_before_the_document(self, lpu, card):
        other = a_card(lpu)
        assert locate(lpu, an_info(polis=polis_of(card), document=document_of(other))) == card

    def test_names_that_are_not_sent_agree(self, lpu, card):
        assert locate(lpu, an_info(polis=polis_of(card), family="", name="", patronymic="")) == card

    def test_a_series_on_one_side_only_agrees(self, lpu):
        card = a_card(lpu, polis_series="АБ", polis_number="123456")
        assert locate(lpu, an_info(polis=("", "123 456"))) == card

    def test_of_two_the_one_whose_names_agree(self, lpu):
        mother = a_card(lpu, document_series="1", document_number="2", name="Мария")
        child = a_card(lpu, document_series="1", document_number="2", name="Анна")
        assert locate(lpu, an_info(document=("1", "2"), name="Мария")) == mother
        assert locate(lpu, an_info(document=("1", "2"), name="анна")) == child

    def test_a_merged_card_means_its_survivor(self, lpu, card):
        survivor = a_card(lpu)
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        assert locate(lpu, an_info(polis=polis_of(card))) == survivor

    def test_a_merged_card_and_its_survivor_are_one_candidate(self, lpu):
        card, survivor = (a_card(lpu, polis_number="1") for _ in range(2))
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        assert locate(lpu, an_info(polis=("", "1"))) == survivor

    def test_the_names_that_count_are_those_of_the_survivor(self, lpu, card):
        survivor = a_card(lpu, family="Сидорова")
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        assert locate(lpu, an_info(polis=polis_of(card), family="Сидорова")) == survivor
        refuses(lpu, an_info(polis=polis_of(card)))

    def test_a_withdrawn_card_does_not_count(self, lpu, card):
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")
        other = a_card(lpu)
        assert locate(lpu, an_info(polis=polis_of(card), document=document_of(other))) == other

    def test_a_survivor_that_was_withdrawn_does_not_count(self, lpu, card):
        survivor = a_card(lpu)
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        Patient.objects.filter(pk=survivor.pk).update(state="withdrawn")
        assert locate(lpu, an_info(polis=polis_of(card))) not in (card, survivor)


class TestRefusing:
    def test_another_person_with_this_polis(self, lpu, card):
        refuses(lpu, an_info(polis=polis_of(card), family="Сидорова"))

    def test_the_document_does_not_help_when_the_polis_is_known(self, lpu, card):
        other = a_card(lpu, family="Сидорова")
        refuses(lpu, an_info(polis=polis_of(card), document=document_of(other), family="Сидорова"))

    def test_several_whose_names_agree(self, lpu):
        for _ in range(2):
            a_card(lpu, polis_number="1")
        refuses(lpu, an_info(polis=("", "1")))

    def test_a_child_with_the_passport_of_its_father_and_his_name(self, lpu):
        """Two people by their birth dates: his diagnosis would be read by whoever has the child's token."""
        papers = {"document_series": "4510", "document_number": "654321"}
        a_card(lpu, polis_number="1", birth_date=dt.date(2015, 3, 1), **papers)
        father = an_info(polis=("", "2"), document=("4510", "654321"), birth_date=dt.date(1985, 3, 1))
        refuses(lpu, father)
        assert locate(lpu, an_info(document=("4510", "654321"), birth_date=dt.date(2015, 3, 1))).polis_number == "1"
        staff = cards.create(lpu=lpu, info=father, by=SYSTEM)
        assert locate(lpu, father) == staff

    def test_one_polis_and_neither_birth_date_nor_snils(self, lpu):
        card = a_card(lpu, polis_number="1", birth_date=dt.date(2015, 3, 1), snils="11223344595")
        slip = an_info(polis=("", "1"), birth_date=dt.date(2015, 3, 2), snils="11223344595")
        assert locate(lpu, slip) == card
        refuses(lpu, an_info(polis=("", "1"), birth_date=dt.date(1985, 3, 1), snils="08765430300"))

    def test_several_and_no_names_sent(self, lpu):
        a_card(lpu, document_series="1", document_number="2", name="Мария")
        a_card(lpu, document_series="1", document_number="2", name="Анна")
        refuses(lpu, an_info(document=("1", "2"), family="", name="", patronymic=""))


class TestMaking:
    def test_an_unknown_patient_gets_a_card_with_all_that_was_sent(self, lpu):
        info = an_info(
            polis=("", "1"), document=("2", "3"), phone="4", address="5", birth_date=dt.date(1980, 2, 29), sex="F"
        )
        card = locate(lpu, info)
        card.refresh_from_db()
        assert PatientInfo.of_columns(vars(card)) == info
        assert (card.lpu, card.state, card.created_by, card.card_number) == (
            lpu,
            "active",
            "region",
            f"M-{card.pk:07d}",
        )
        assert CardUpload.objects.get(pk=card.pk).state == "waiting"

    def test_a_card_of_another_lpu_is_another_card(self, lpu, card):
        made = locate(an_lpu(), an_info(polis=polis_of(card)))
        assert made != card
        assert made.lpu != card.lpu

    def test_the_same_patient_again_gets_the_same_card(self, lpu):
        info = an_info(polis=("", "1"), disability={"group": 2})
        assert locate(lpu, info) == locate(lpu, info)
        assert Patient.objects.filter(lpu=lpu).count() == 1


class TestFilling:
    def test_blanks_are_filled_and_nothing_is_overwritten(self, lpu):
        card = a_card(lpu, phone="", patronymic="", birth_date=None)
        version = card.version
        found = locate(
            lpu, an_info(polis=polis_of(card), phone="7", address="elsewhere", birth_date=dt.date(1980, 2, 28))
        )
        card.refresh_from_db()
        assert (card.phone, card.patronymic, card.birth_date) == ("7", "Петровна", dt.date(1980, 2, 28))
        assert (card.address, card.changed_by) == ("Город, улица, 1", "region")
        assert (found.phone, found.patronymic) == ("7", "Петровна")
        assert card.version > version

    def test_a_card_that_knows_all_is_not_written_to(self, lpu, card):
        before = Patient.objects.filter(pk=card.pk).values().get()
        locate(lpu, an_info(polis=polis_of(card), phone="7"))
        assert Patient.objects.filter(pk=card.pk).values().get() == before

    def test_what_somebody_filled_in_meanwhile_stays(self, lpu):
        card = a_card(lpu, phone="")
        rows = Patient.objects.filter(pk=card.pk)
        stale = Patient.objects.get(pk=card.pk)
        rows.update(phone="theirs")
        cards._fill(stale, an_info(phone="ours"), "region")
        assert rows.get().phone == "theirs"


class TestStatements:
    def count(self, lpu, info):
        with transaction.atomic(), statements() as found:
            cards.locate(lpu=lpu, info=info, by="region")
        return len(found), listed(found)

    def test_found(self, lpu, card):
        count, sql = self.count(lpu, an_info(polis=polis_of(card), document=document_of(card)))
        assert count == 1, sql

    def test_found_and_filled(self, lpu):
        card = a_card(lpu, phone="")
        count, sql = self.count(lpu, an_info(document=document_of(card), polis=("", "404"), phone="7"))
        assert count == 2, sql

    def test_made(self, lpu):
        count, sql = self.count(lpu, an_info(polis=("", "404")))
        assert count == 2, sql


class TestCreating:
    def test_a_card_with_a_number_of_its_own_and_an_entry_in_the_journal(self, lpu):
        user = User.objects.create(username="olga")
        card = cards.create(lpu=lpu, info=an_info(polis=("", "1")), card_number="7/26", by=Actor.of_user(user))
        assert Patient.objects.get(pk=card.pk).card_number == "7/26"
        entry = LogEntry.objects.get_for_object(card).get()
        assert (entry.action, entry.actor, entry.additional_data) == (LogEntry.Action.CREATE, user, {"by": "olga"})
        assert entry.changes_dict["family"] == ["", "Ёлкина"]
        assert "version" not in entry.changes_dict

    def test_a_second_card_of_one_person_is_refused(self, lpu, card):
        with pytest.raises(CardExists) as caught:
            cards.create(lpu=lpu, info=an_info(polis=polis_of(card)), by=SYSTEM)
        assert caught.value.card == card
        assert Patient.objects.count() == 1

    def test_a_child_may_have_the_document_of_its_mother(self, lpu, card):
        child = cards.create(lpu=lpu, info=an_info(document=document_of(card), name="Пётр"), by=SYSTEM)
        assert child != card

    def test_without_papers_at_all(self, lpu):
        assert cards.create(lpu=lpu, info=an_info(), by=SYSTEM).pk

    def test_not_for_somebody_elses_lpu(self):
        with pytest.raises(LpuNotOwn):
            cards.create(lpu=an_lpu(own=False), info=an_info(polis=("", "1")), by=SYSTEM)
        assert not Patient.objects.exists()


class TestChanging:
    def test_only_what_differs_is_written(self, card):
        stale = Patient.objects.get(pk=card.pk)
        Patient.objects.filter(pk=card.pk).update(address="moved")
        fresh = cards.change(card=stale, values={"phone": "7", "family": "Ёлкина"}, by=SYSTEM)
        assert (fresh.phone, fresh.address, fresh.changed_by) == ("7", "moved", "system")
        entry = LogEntry.objects.get_for_object(card).first()
        assert entry.changes_dict == {"phone": ["79000000000", "7"]}

    def test_no_difference_no_version(self, card):
        fresh = cards.change(card=card, values={"family": "Ёлкина"}, by=SYSTEM)
        assert (fresh.version, fresh.changed_by) == (card.version, "")

    @pytest.mark.parametrize("column", ["state", "version", "person_guid", "lpu_id", "nonsense"])
    def test_what_is_not_the_staffs_to_change(self, card, column):
        with pytest.raises(ValueError, match=column):
            cards.change(card=card, values={column: 1}, by=SYSTEM)


class TestSamePerson:
    def test_one_card(self, card):
        assert cards.same_person(card, Patient.objects.get(pk=card.pk))

    def test_a_card_and_its_survivor(self, lpu, card):
        survivor = a_card(lpu, family="Сидорова")
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        card.refresh_from_db()
        assert cards.same_person(card, survivor)
        assert cards.same_person(survivor, card)

    def test_one_person_of_the_mip(self, card):
        guid = "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a11"
        other = a_card(an_lpu(), family="Сидорова", person_guid=guid)
        card.person_guid = other.person_guid
        assert cards.same_person(card, other)

    def test_two_persons_whom_the_mip_does_not_know(self, card):
        assert not cards.same_person(card, a_card(an_lpu()))

    @pytest.mark.parametrize("paper", ["polis", "document"])
    def test_one_paper_and_agreeing_names(self, card, paper):
        shared = {f"{paper}_{part}": getattr(card, f"{paper}_{part}") for part in ("series", "number")}
        shared["snils"] = card.snils
        assert cards.same_person(card, a_card(an_lpu(), **shared, family="ЕЛКИНА"))
        assert not cards.same_person(card, a_card(an_lpu(), **shared, family="Сидорова"))


class TestOwnFields:
    def test_a_new_card_with_what_only_we_know(self, lpu):
        phones = [Phone("8 495 1", "home"), Phone("84951"), Phone("no digits"), Phone("4", note="мать")]
        card = cards.create(lpu=lpu, info=an_info(phone="4"), by=SYSTEM, own={"district": "12"}, further_phones=phones)
        card.refresh_from_db()
        assert card.district == "12"
        assert [(phone.number, phone.kind) for phone in card.phones.all()] == [("84951", "mobile")]
        assert CardUpload.objects.get(pk=card.pk).state == "waiting"

    def test_a_change_of_them_is_not_uploaded_but_noted(self, card):
        version = card.version
        cards.change(card=card, values={"district": "12"}, further_phones=[Phone("1", note="сын")], by=SYSTEM)
        card.refresh_from_db()
        assert (card.version, card.district) == (version, "12")
        noted = [entry.changes_dict for entry in LogEntry.objects.get_for_object(card)]
        assert {"district": ["", "12"]} in noted
        assert {"phones": ["", "1 сын"]} in noted

    def test_phones_are_replaced_and_the_same_ones_stay(self, card):
        cards.change(card=card, values={}, further_phones=[Phone("1"), Phone("2")], by=SYSTEM)
        kept = card.phones.get(number="1").pk
        cards.change(card=card, values={}, further_phones=[Phone("1"), Phone("3", "work")], by=SYSTEM)
        assert [(phone.number, phone.kind) for phone in card.phones.all()] == [("1", "mobile"), ("3", "work")]
        assert card.phones.get(number="1").pk == kept
        cards.change(card=card, values={"district": "1"}, by=SYSTEM)
        assert card.phones.count() == 2

    def test_what_is_not_ours_is_refused(self, lpu):
        with pytest.raises(ValueError, match="state"):
            cards.create(lpu=lpu, info=an_info(), by=SYSTEM, own={"state": "withdrawn"})
        assert not Patient.objects.exists()


def test_what_staff_write_has_a_letter_and_its_sign_as_one_character(lpu):
    card = cards.create(lpu=lpu, info=PatientInfo(family="Зайцев".replace("й", "и\u0306"), name="Анна"), by=SYSTEM)
    card.refresh_from_db()
    assert (card.family, card.family_key) == ("Зайцев", "зайцев")


def test_what_staff_write_has_no_control_characters(lpu):
    info = PatientInfo(family="Ёл\x01кина", name="Анна\x0bМария", address="Москва\x02\nул. Мира")
    card = cards.create(lpu=lpu, info=info, by=SYSTEM, own={"representative": "мать\x1f"})
    card.refresh_from_db()
    told = (card.family, card.name, card.address, card.representative)
    assert told == ("Ёлкина", "Анна Мария", "Москва\nул. Мира", "мать")
    changed = cards.change(card=card, values={"district": "1\x012", "disability": "\x01"}, by=SYSTEM)
    assert (changed.district, changed.disability) == ("12", "\x01")
