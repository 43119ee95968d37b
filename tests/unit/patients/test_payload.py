"""The body of an upload (contract §4), and that it tells nothing that the trigger does not watch."""

import datetime as dt

import pytest

from patients.mip.payload import payload
from patients.models import Patient
from patients.models.triggers import UPLOADED_COLUMNS
from tests.factories.patients import a_card


def test_a_full_card(lpu):
    card = Patient.objects.get(pk=a_card(lpu, polis_series="АБ", card_number="7").pk)
    assert payload(card) == {
        "lpuGuid": str(lpu.guid),
        "version": card.version,
        "state": "active",
        "mergedInto": None,
        "cardNumber": "7",
        "family": "Ёлкина",
        "name": "Анна",
        "patronymic": "Петровна",
        "birthDate": "1980-02-29",
        "sex": "F",
        "snils": card.snils,
        "polis": {"series": "АБ", "number": card.polis_number, "type": {"code": "3", "name": "ЕНП"}},
        "identityDocument": {
            "series": "4510",
            "number": card.document_number,
            "type": {"code": "14", "name": "Паспорт"},
        },
        "phone": "79000000000",
        "address": "Город, улица, 1",
    }


def test_a_merged_card_names_its_survivor(lpu, card):
    survivor = a_card(lpu)
    Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
    told = payload(Patient.objects.get(pk=card.pk))
    assert (told["state"], told["mergedInto"]) == ("merged", str(survivor.guid))


def test_a_polis_goes_as_the_region_knows_it_however_the_card_has_it(lpu):
    told = payload(Patient.objects.create(lpu=lpu, polis_series="А Б", polis_number="7700 0000\u00a00000 0001"))
    assert (told["polis"]["series"], told["polis"]["number"]) == ("АБ", "7700000000000001")


def test_a_card_with_nothing_but_a_polis(lpu):
    told = payload(Patient.objects.create(lpu=lpu, polis_number="1"))
    assert told["birthDate"] is None
    assert told["identityDocument"] == {"series": "", "number": "", "type": {"code": "", "name": ""}}


OTHER = {"birth_date": dt.date(1990, 1, 1), "sex": "M", "snils": "08765430300"}


@pytest.mark.parametrize(
    "field", [f for f in Patient._meta.concrete_fields if f.column not in (*UPLOADED_COLUMNS, "id", "version")]
)
def test_a_column_that_is_not_watched_is_not_told(card, field):
    told = payload(card)
    setattr(card, field.attname, "changed")
    assert payload(card) == told


@pytest.mark.parametrize(
    "column", [c for c in UPLOADED_COLUMNS if c not in ("guid", "lpu_id", "state", "merged_into_id")]
)
def test_a_column_that_is_watched_is_told(card, column):
    told = payload(card)
    setattr(card, column, OTHER.get(column, "changed"))
    assert payload(card) != told
