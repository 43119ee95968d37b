"""The shape of a DirectionPatientInfo, in and out (contract A)."""

import datetime as dt
import json

import pytest
from rest_framework.exceptions import ValidationError

from lmis.api.flatten import of_serializer
from lmis.api.rendering import dumps
from lmis.text import number_key
from patients.api.serializers import CodedSerializer, DirectionPatientInfoSerializer, present_patient
from patients.info import Coded, IdentityDocument, PatientInfo, Polis
from patients.models import Patient
from tests.factories.patients import a_card, spellings

SEED = json.loads(
    """
    {"family": "", "name": "", "patronymic": "",
     "polis": {"series": "", "number": "1234567812345678", "type": {"code": "3", "name": " "}},
     "phone": "71234569898",
     "identityDocument": {"series": "1234", "number": "567812", "type": {"code": "3", "name": " "}},
     "address": ". ", "disability": null}
    """
)
POLIS = {"polis": {"number": "1"}}


def read(body):
    serializer = DirectionPatientInfoSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer.to_info()


def errors(body):
    with pytest.raises(ValidationError) as caught:
        read(body)
    return [(error.field, error.code) for error in of_serializer(caught.value.detail, "patient")]


def test_the_regions_own_example():
    assert read(SEED) == PatientInfo(
        polis=Polis("", "1234567812345678", Coded("3", "")),
        phone="71234569898",
        identity_document=IdentityDocument("1234", "567812", Coded("3", "")),
        address=".",
    )


@pytest.mark.parametrize(
    "body",
    [
        POLIS,
        {"polis": {"number": "1", "series": None, "type": None}, "identityDocument": None},
        {"polis": {"number": " 1 "}, "identityDocument": {}, "disability": None, "birthDate": "", "snils": " "},
        {**POLIS, **dict.fromkeys(("family", "name", "phone", "address", "birthDate", "sex", "snils"))},
        {**POLIS, "sex": " ", "unknown": [1]},
        {"polis": {"number": 1}},
    ],
)
def test_null_missing_and_blank_mean_the_same(body):
    assert read(body) == PatientInfo(polis=Polis(number="1"))


def test_everything_that_may_be_sent():
    body = {
        "family": " Ёлкина ",
        "name": "Анна",
        "patronymic": "Петровна",
        "polis": {"series": "АБ", "number": "123", "type": {"code": "1", "name": "старый"}},
        "phone": "8 (900) 000-00-00 доб. 1",
        "identityDocument": {"series": "45 10", "number": "№ 1", "type": {"code": "14"}},
        "address": "там",
        "disability": {"group": [1, None, "а"]},
        "birthDate": "1980-02-29",
        "sex": "F",
        "snils": "112-233-445 95",
    }
    assert read(body) == PatientInfo(
        family="Ёлкина",
        name="Анна",
        patronymic="Петровна",
        polis=Polis("АБ", "123", Coded("1", "старый")),
        phone="8 (900) 000-00-00 доб. 1",
        identity_document=IdentityDocument("45 10", "№ 1", Coded("14", "")),
        address="там",
        disability={"group": [1, None, "а"]},
        birth_date=dt.date(1980, 2, 29),
        sex="F",
        snils="11223344595",
    )


# White ones, others, and what XML has no place for.
CONTROLS = ("\x0b\x0c\x1c\x1f\x85", "\x01\x08\x0e\x1b\x7f\x80\x9f\ufffe\uffff")


def test_control_characters_are_taken_out_and_not_refused():
    white, others = CONTROLS
    told = read({**POLIS, "family": f"{others}Ёл{others}кина{white}", "name": f"Анна{white}Мария", "phone": white})
    assert (told.family, told.name, told.phone) == ("Ёлкина", "Анна Мария", "")


def test_a_letter_with_its_sign_is_one_character():
    told = read({**POLIS, "family": "Ёлкин".replace("Ё", "Е\u0308"), "name": "Андреи\u0306"})
    assert (told.family, told.name) == ("Ёлкин", "Андрей")


def test_only_an_address_has_lines():
    told = read({**POLIS, "family": "Ёлкина\r\n\tАнна", "address": "Москва\n\tул. Мира\x0b5\x01\n"})
    assert (told.family, told.address) == ("Ёлкина Анна", "Москва\n\tул. Мира 5")


@pytest.mark.parametrize("spelled", spellings("11223344595"))
def test_a_number_has_no_spelling_that_cannot_be_seen(spelled):
    paper = {"number": spelled, "series": spelled}
    told = read({"polis": paper, "identityDocument": paper, "snils": spelled})
    numbers = [told.polis.series, told.polis.number, told.identity_document.series, told.identity_document.number]
    assert {number_key(number) for number in numbers} == {told.snils} == {"11223344595"}


def test_a_number_of_what_cannot_be_seen_is_blank():
    assert errors({"polis": {"number": "\u200b\u00a0\u2060"}}) == [("patient.polis.number", "required")]


@pytest.mark.parametrize("value", [0, False, "", [], {}, "I группа", 1.5])
def test_disability_is_any_json(value):
    assert read({**POLIS, "disability": value}).disability == value


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"polis": {}},
        {"polis": {"number": ""}, "identityDocument": {"series": "4510"}},
        {"polis": {"number": " - "}, "identityDocument": {"number": "–"}},
        {"family": "Ёлкина", "snils": "11223344595"},
    ],
)
def test_a_polis_or_a_document_is_needed(body):
    assert errors(body) == [("patient.polis.number", "required")]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"birthDate": "29.02.1980"}, "birthDate", "invalid"),
        ({"birthDate": "1981-02-29"}, "birthDate", "invalid"),
        ({"birthDate": "19800229"}, "birthDate", "invalid"),
        ({"birthDate": "1980-02-29T00:00:00+03:00"}, "birthDate", "invalid"),
        ({"birthDate": 19800229}, "birthDate", "invalid"),
        ({"birthDate": ["1980-02-29"]}, "birthDate", "invalid"),
        ({"sex": "Ж"}, "sex", "invalid_choice"),
        ({"sex": "f"}, "sex", "invalid_choice"),
        ({"sex": ["F"]}, "sex", "invalid_choice"),
        ({"sex": {"F": 1}}, "sex", "invalid_choice"),
        ({"snils": "112-233-445 96"}, "snils", "invalid"),
        ({"snils": "1"}, "snils", "invalid"),
        ({"snils": {}}, "snils", "invalid"),
        ({"family": ["Ёлкина"]}, "family", "invalid"),
        ({"family": True}, "family", "invalid"),
        ({"family": "Ё" * 101}, "family", "max_length"),
        ({"address": "а" * 501}, "address", "max_length"),
        ({"polis": {"number": "1" * 65}}, "polis.number", "max_length"),
        ({"polis": {"number": 12345678901234567890.0}}, "polis.number", "invalid"),
        ({"polis": {"number": "1", "type": {"code": "1" * 33}}}, "polis.type.code", "max_length"),
        ({"polis": "1234567812345678"}, "polis", "invalid"),
        ({"polis": ["1"]}, "polis", "invalid"),
        ({"polis": {"number": "1", "type": "ЕНП"}}, "polis.type", "invalid"),
        ({"identityDocument": 7}, "identityDocument", "invalid"),
    ],
)
def test_malformed(body, field, code):
    assert errors(POLIS | body) == [(f"patient.{field}", code)]


def test_lengths_are_those_of_the_columns():
    shape = DirectionPatientInfoSerializer()
    limits = {
        "family": shape.fields["family"],
        "name": shape.fields["name"],
        "patronymic": shape.fields["patronymic"],
        "phone": shape.fields["phone"],
        "address": shape.fields["address"],
        **{f"polis_{part}": shape.fields["polis"].fields[part] for part in ("series", "number")},
        **{f"document_{part}": shape.fields["identityDocument"].fields[part] for part in ("series", "number")},
        **{f"polis_type_{part}": shape.fields["polis"].fields["type"].fields[part] for part in ("code", "name")},
    }
    for column, field in limits.items():
        assert field.max_length == Patient._meta.get_field(column).max_length, column


class TestCoded:
    def test_its_value_is_a_dataclass(self):
        shape = CodedSerializer(data={"code": 3, "name": None})
        assert shape.is_valid()
        assert shape.validated_data == Coded("3", "")


class TestPresenting:
    def test_the_order_of_the_region_and_then_ours(self, card):
        assert list(present_patient(card)) == [*SEED, "birthDate", "sex", "snils"]

    def test_what_was_read_comes_back(self, lpu):
        card = Patient.objects.create(lpu=lpu, **read(SEED).columns())
        shown = json.loads(dumps(present_patient(card)))
        assert {name: shown[name] for name in SEED} == {
            **SEED,
            "polis": {**SEED["polis"], "type": {"code": "3", "name": ""}},
            "identityDocument": {**SEED["identityDocument"], "type": {"code": "3", "name": ""}},
            "address": ".",
        }
        assert (shown["birthDate"], shown["sex"], shown["snils"]) == (None, "", "")

    def test_what_is_shown_can_be_sent(self, lpu):
        card = a_card(lpu, disability=[1])
        shown = json.loads(dumps(present_patient(card)))
        assert read(shown).columns() == PatientInfo.of_columns(vars(card)).columns()
