"""Each named constraint, broken once."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from lmis.text import name_key, number_key
from patients.models import CardUpload, MipGate, Patient
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card


def refused_by(name, write):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    assert caught.value.__cause__.diag.constraint_name == name


def update(card, **columns):
    return lambda: Patient.objects.filter(pk=card.pk).update(**columns)


def upload(card, **columns):
    return lambda: CardUpload.objects.filter(pk=card.pk).update(**columns)


def test_a_card_number_is_given_once_in_an_lpu(lpu):
    a_card(lpu, card_number="7")
    refused_by("card_number_once_per_lpu", lambda: a_card(lpu, card_number="7"))
    a_card(an_lpu(), card_number="7")


def test_a_merged_card_has_a_survivor(card):
    refused_by("card_merged_has_survivor", update(card, state="merged"))


def test_only_a_merged_card_has_a_survivor(lpu, card):
    refused_by("card_merged_has_survivor", update(card, merged_into=a_card(lpu)))


def test_a_card_has_one_of_the_known_states(card):
    refused_by("card_merged_has_survivor", update(card, state="lost"))


def test_a_card_is_not_merged_into_itself(card):
    refused_by("card_not_merged_into_itself", update(card, state="merged", merged_into=card))


def test_two_cards_are_not_merged_into_each_other(lpu, card):
    other = a_card(lpu)
    update(other, state="merged", merged_into=card)()
    refused_by("card_not_merged_into_itself", update(card, state="merged", merged_into=other))


def test_a_card_is_merged_within_its_lpu(card):
    refused_by("card_merged_within_lpu", update(card, state="merged", merged_into=a_card(an_lpu())))


def test_sex_is_one_of_two_or_blank(card):
    refused_by("card_sex_known_or_blank", update(card, sex="X"))


@pytest.mark.parametrize("snils", ["112-233-445", "1122334459", "1122334459x", "1122334459\n"])
def test_a_snils_is_kept_as_11_digits(card, snils):
    refused_by("card_snils_11_digits", update(card, snils=snils))


def test_an_upload_in_flight_is_claimed(card):
    refused_by("upload_claimed_while_in_flight", upload(card, state="in_flight"))


def test_an_upload_not_in_flight_is_not_claimed(card):
    claim = "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a14"
    refused_by("upload_claimed_while_in_flight", upload(card, claim=claim))


def test_an_upload_has_one_of_the_known_states(card):
    refused_by("upload_state_known", upload(card, state="lost"))


def test_an_upload_has_one_of_the_known_priorities(card):
    refused_by("upload_priority_known", upload(card, priority=3))


@pytest.mark.django_db
def test_there_is_one_gate():
    refused_by("mip_gate_one_row", lambda: MipGate.objects.create(pk=2))


@pytest.mark.django_db
def test_a_shut_gate_says_since_when():
    refused_by("mip_gate_shut_since", lambda: MipGate.objects.create(closed_until=timezone.now()))


def test_the_keys_of_the_database_are_those_of_the_code(lpu):
    card = a_card(
        lpu, family="Ёлкина-Щ Йй QZ", polis_series="аБ №1", polis_number="12-34 56/7.8–9—0", document_series=""
    )
    card.refresh_from_db()
    assert card.family_key == name_key(card.family) == "елкина-щ йй qz"
    assert card.polis_number_key == number_key(card.polis_number) == "1234567890"
    assert card.polis_series_key == number_key(card.polis_series) == "аб1"
