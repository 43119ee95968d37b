"""The one box of the desk: each way to type a patient finds the card, in one statement."""

import datetime as dt

import pytest

from lmis.models import Lpu
from patients.models import Patient, PatientPhone
from patients.services.search import find, parse
from patients.services.sought import ByBirthDate
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card, a_snils, spellings
from tests.statements import listed, statements

TODAY = dt.date(2026, 11, 22)
pytestmark = pytest.mark.django_db


@pytest.fixture
def ivanov(lpu):
    return a_card(
        lpu,
        family="Иванов",
        name="Иван",
        patronymic="Иванович",
        birth_date=dt.date(1956, 3, 12),
        sex="M",
        polis_number="7700000000000011",
        phone="8 (912) 345-67-89",
        document_series="4510",
        document_number="654321",
        snils="11223344595",
        card_number="M-0000012",
    )


@pytest.fixture(autouse=True)
def _others(lpu):
    a_card(lpu, family="Петров", name="Пётр", birth_date=dt.date(1990, 1, 1), phone="")


def found(text, **kwargs):
    return find(text=text, lpus=list(Lpu.objects.own()), today=TODAY, **kwargs)


@pytest.mark.parametrize(
    "text",
    [
        "ивано",
        "ИВАНОВ",
        "bdfyjd",
        "BDFYJD BB 1956",
        "bdfyjd b/b/",
        "bdfyjd 12.03.1956",
        "иванов и",
        "иванов ии",
        "Иванов И.И.",
        "иванов и. и. 1956",
        "иванов ии 1956",
        "иванов иван иванович",
        "  иванов   иван  иванович 12.03.1956 ",
        "иванов 12031956",
        "12.03.1956",
        "12/03/1956",
        "12ю03ю1956",
        "12 03 1956",
        "12031956",
        "12.03.56",
        "12ю03ю56",
        "bdfyjd 12.03.56",
        "иванов иван 12.3.56",
        "7700000000000011",
        "7700 0000 0000 0011",
        "4510 654321",
        "4510654321",
        "45 10 № 654321",
        "654321",
        "112-233-445 95",
        "11223344595",
        "+7 912 345 67 89",
        "8(912)345-67-89",
        "89123456789",
        "9123456789",
        "M-0000012",
        "м-0000012",
        "ь-0000012",
    ],
)
def test_finds(ivanov, text):
    assert found(text) == [ivanov]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "%",
        "_",
        "'",
        "\\",
        "\x00",
        "иванов ии 1957",
        "иванов п",
        "ванов",
        "31.02.1956",
        "12.03.2056",
        "0000000000000000",
        "и" * 5000,
        "9" * 5000,
        "٣٣٣٣٣٣٣٣٣٣٣",
    ],
)
def test_finds_nothing_and_breaks_nothing(ivanov, text):
    assert found(text) == []


@pytest.mark.parametrize("text", spellings("7700000000000011"))
def test_a_number_that_was_copied_from_somewhere(ivanov, text):
    assert found(text) == [ivanov]


def test_yo_and_case_do_not_matter(lpu):
    card = a_card(lpu, family="Фёдоров-Ёлкин")
    assert found("федоров-елк") == found("ФЁДОРОВ-Ё") == [card]


def test_a_letter_and_its_sign_may_be_two_characters(lpu):
    card = a_card(lpu, family="Зайцев", name="Андрей")
    assert found("Заи\u0306цев андреи\u0306") == [card]


def test_a_short_surname_with_a_year(lpu):
    card = a_card(lpu, family="Ли", birth_date=dt.date(1956, 1, 1))
    assert found("ли 1956") == [card]


def test_two_letters_may_be_a_name(lpu):
    one = a_card(lpu, family="Ким", name="Ия", patronymic="Борисовна")
    two = a_card(lpu, family="Ким", name="Инна", patronymic="Яковлевна")
    assert found("ким ия") == [two, one]


def test_a_latin_surname_as_it_was_typed(lpu):
    card = a_card(lpu, family="Smith")
    assert found("smi") == [card]
    assert found("ЫЬШ") == [card]


def test_an_old_polis_with_its_series(lpu):
    card = a_card(lpu, polis_series="ЗР-99", polis_number="123456")
    a_card(lpu, polis_series="ЗР-98", polis_number="123456")
    assert found("ЗР-99 123456") == [card]


def test_a_certificate_of_birth(lpu):
    card = a_card(lpu, document_series="XXIV-МЮ", document_number="777888")
    assert found("XXIV-МЮ 777888") == [card]


def test_a_further_phone(lpu):
    card = a_card(lpu)
    PatientPhone.objects.create(patient=card, number="+7 (495) 123-45-67")
    assert found("84951234567") == [card]


def test_a_snils_that_also_could_be_a_phone(lpu):
    snils = a_snils()
    by_snils = a_card(lpu, snils=snils)
    a_card(lpu, phone=snils)
    assert found(snils) == [by_snils]


def test_a_merged_card_leads_to_its_survivor_once(lpu, ivanov):
    other = a_card(lpu, family="Иванова", polis_number="7700000000000022")
    Patient.objects.filter(pk=other.pk).update(state="merged", merged_into=ivanov)
    assert found("7700000000000022") == [ivanov]
    assert found("иванов") == [ivanov]


def test_a_withdrawn_card_is_not_found(ivanov):
    Patient.objects.update(state="withdrawn")
    assert found("иванов") == []


def test_only_cards_of_the_given_lpus(ivanov):
    elsewhere = an_lpu()
    theirs = a_card(elsewhere, family="Иванов")
    assert find(text="иванов", lpus=[elsewhere], today=TODAY) == [theirs]


def test_in_the_order_of_the_alphabet_namesakes_by_birth_date_and_not_too_many(lpu):
    late = a_card(lpu, family="Сидоров", birth_date=dt.date(1990, 1, 1))
    early = a_card(lpu, family="СИДОРОВ", birth_date=dt.date(1980, 1, 1))
    other = a_card(lpu, family="Сидорова", birth_date=dt.date(1970, 1, 1))
    assert found("сидоров") == [early, late, other]
    assert found("сидоров", limit=2) == [early, late]


@pytest.mark.parametrize("text", ["иванов", "иванов ии 1956", "12.03.1956", "7700000000000011", "112-233-445 95"])
def test_one_statement(ivanov, text):
    with statements() as made:
        (card,) = found(text)
        assert card.lpu.name
    assert len([sql for sql in made if "patients_patient" in sql]) == 1, listed(made)


@pytest.mark.parametrize(
    ("text", "number"),
    [("01", "01"), ("2026-000123", "2026-000123"), ("№ 14555-7", "14555-7"), ("№07", "07"), ("иванов", "")],
)
def test_what_could_be_a_number_is_said(text, number):
    assert parse(text, TODAY).number == number


@pytest.mark.parametrize(
    ("text", "year"), [("22.11.26", 2026), ("23.11.26", 1926), ("01.01.00", 2000), ("31.12.27", 1927), ("5.3.99", 1999)]
)
def test_a_year_of_two_digits_is_the_last_that_ended_so(text, year):
    way = parse(text, TODAY).ways[0]
    assert isinstance(way, ByBirthDate)
    assert way.day.year == year


@pytest.mark.parametrize("text", ["12-03-56", "12/03/56", "120356", "12.03.0056", "12.03.567", "112.03.56", "32.03.56"])
def test_what_may_be_another_number_is_no_such_day(text):
    assert not [way for way in parse(text, TODAY).ways if isinstance(way, ByBirthDate)]
