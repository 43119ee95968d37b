"""Each named constraint, broken once."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.text import name_key, number_key
from patients.info import IdentityDocument, PatientInfo, Polis
from patients.models import (
    CardUpload,
    ExchangeFigures,
    ExchangePause,
    ExchangeSettings,
    MipGate,
    Patient,
    UploadMinute,
    UploadTotal,
)
from patients.services import cards
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card, spellings

NOW = timezone.now()


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


def test_a_card_has_a_polis_or_a_reason_for_none(card):
    """The trigger takes the reason away; should it ever not run, there is the constraint."""
    both = update(card, polis_number="1234567812345678", no_polis_reason="newborn")
    both()
    card.refresh_from_db()
    assert card.no_polis_reason == ""

    def past_the_triggers():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        both()

    refused_by("card_polis_or_reason", past_the_triggers)


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


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("exchange_settings_one_row", ExchangeSettings(pk=2)),
        ("exchange_figures_one_row", ExchangeFigures(pk=2, counted_at=NOW)),
    ],
)
def test_of_the_exchange_there_is_one_row(db, name, row):
    refused_by(name, lambda: row.save(force_insert=True))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exchange_rate_sensible", {"rate": 0}),
        ("exchange_rate_sensible", {"rate": 10_001}),
        ("exchange_parallel_sensible", {"parallel": 0}),
        ("exchange_parallel_sensible", {"parallel": 65}),
    ],
)
def test_the_pace_is_sensible(db, name, change):
    refused_by(name, lambda: ExchangeSettings.objects.update_or_create(pk=1, defaults=change))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exchange_pause_ends_later", {"until": NOW}),
        ("exchange_pause_has_reason", {"reason": ""}),
        ("exchange_pause_one_at_a_time", {}),
    ],
)
def test_a_pause_makes_sense(db, name, change):
    values = {"reason": "работы", "since": NOW, "until": NOW + dt.timedelta(hours=1), "started_by": "Ольга"}
    if not change:
        ExchangePause.objects.create(**values)
    refused_by(name, lambda: ExchangePause.objects.create(**values | change))
    ExchangePause.objects.create(**values, ended_at=NOW)


@pytest.mark.parametrize(
    ("name", "model", "when"),
    [("upload_minute_once", UploadMinute, "minute"), ("upload_total_once", UploadTotal, "upto")],
)
def test_an_outcome_is_counted_in_one_row(db, name, model, when):
    values = {when: NOW, "outcome": "rejected", "code": "polis"}
    model.objects.create(**values)
    refused_by(name, lambda: model.objects.create(**values))
    model.objects.create(**values | {"code": "snils"})


def test_the_keys_of_the_database_are_those_of_the_code(lpu):
    card = a_card(
        lpu, family="Ёлкина-Щ Йй QZ", polis_series="аБ №1", polis_number="12-34 56/7.8–9—0", document_series=""
    )
    card.refresh_from_db()
    assert card.family_key == name_key(card.family) == "елкина-щ йй qz"
    assert card.polis_number_key == number_key(card.polis_number) == "1234567890"
    assert card.polis_series_key == number_key(card.polis_series) == "аб1"


@pytest.mark.parametrize("spelled", spellings("1111000011110000"))
def test_whatever_was_told_the_key_of_the_database_is_that_of_the_code(lpu, spelled):
    paper = IdentityDocument("", spelled)
    card = cards.create(lpu=lpu, info=PatientInfo(polis=Polis("", spelled), identity_document=paper), by=SYSTEM)
    card.refresh_from_db()
    for number, key in ((card.polis_number, card.polis_number_key), (card.document_number, card.document_number_key)):
        assert key == number_key(number) == "1111000011110000"
