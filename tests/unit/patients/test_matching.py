"""Contract A.2 as tables: when two descriptions mean one patient, and what is filled in."""

import datetime as dt

import pytest

from patients.info import Coded, IdentityDocument, PatientInfo, Polis
from patients.matching import Likeness, blanks_to_fill
from patients.models import Patient


def names(family="", name="", patronymic=""):
    return Likeness.of_info(PatientInfo(family=family, name=name, patronymic=patronymic))


def polis(series, number):
    return Likeness.of_info(PatientInfo(polis=Polis(series, number)))


def document(series, number):
    return Likeness.of_info(PatientInfo(identity_document=IdentityDocument(series, number)))


def facts(born, snils):
    return Likeness.of_info(PatientInfo(family="Иванов", birth_date=born, snils=snils))


SON, FATHER = dt.date(2015, 3, 1), dt.date(1985, 3, 1)
ONE_SNILS, OTHER_SNILS = "11223344595", "08765430300"


@pytest.mark.parametrize(
    ("one", "other", "by_polis", "by_document"),
    [
        ((SON, ONE_SNILS), (SON, ONE_SNILS), True, True),
        ((SON, ""), (None, ONE_SNILS), True, True),
        ((None, ""), (SON, ONE_SNILS), True, True),
        ((SON, ""), (FATHER, ""), True, False),
        ((SON, ONE_SNILS), (FATHER, ONE_SNILS), True, False),
        ((SON, ONE_SNILS), (SON, OTHER_SNILS), True, False),
        ((SON, ONE_SNILS), (FATHER, OTHER_SNILS), False, False),
    ],
)
def test_birth_date_and_snils_that_say_otherwise(one, other, by_polis, by_document):
    for first, second in ((one, other), (other, one)):
        assert facts(*first).is_of(facts(*second), by_polis=True) is by_polis
        assert facts(*first).is_of(facts(*second), by_polis=False) is by_document


def test_other_names_are_another_whatever_else_agrees():
    for by_polis in (True, False):
        assert not names("Ёлкина").is_of(names("Палкина"), by_polis=by_polis)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (("Ёлкина", "Анна", "Петровна"), ("Ёлкина", "Анна", "Петровна"), True),
        (("Ёлкина", "Анна", "Петровна"), ("ЕЛКИНА", "анна", "ПЕТРОВНА"), True),
        (("Ёлкина", "Анна", "Петровна"), ("Ёлкина", "Анна", ""), True),
        (("Ёлкина", "", ""), ("", "Анна", ""), True),
        (("", "", ""), ("Ёлкина", "Анна", "Петровна"), True),
        (("Ёлкина", "Анна", "Петровна"), ("Ёлкина", "Анна", "Павловна"), False),
        (("Ёлкина", "Анна", ""), ("Палкина", "Анна", ""), False),
        (("Ёлкина", "Анна", "Петровна"), ("", "Яна", ""), False),
    ],
)
def test_names(one, other, agree):
    assert names(*one).has_names_of(names(*other)) is agree
    assert names(*other).has_names_of(names(*one)) is agree


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("", "1234567812345678"), ("", "1234567812345678"), True),
        (("", "1234567812345678"), ("", "1234 5678 1234 5678"), True),
        (("АБ", "123456"), ("", "123456"), True),
        (("АБ", "123456"), ("аб", "123456"), True),
        (("АБ", "123456"), ("ВГ", "123456"), False),
        (("", "1"), ("", "2"), False),
        (("", ""), ("", ""), False),
        (("АБ", ""), ("АБ", ""), False),
        (("", "-"), ("", "- -"), False),
    ],
)
def test_polis(one, other, same):
    assert polis(*one).shares_polis(polis(*other)) is same
    assert polis(*other).shares_polis(polis(*one)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("4510", "123456"), ("4510", "123456"), True),
        (("45 10", "123456"), ("4510", "123-456"), True),
        (("I-ЖА", "123456"), ("i жа", "123456"), True),
        (("", "123456"), ("4510", "123456"), False),
        (("", "123456"), ("", "123456"), True),
        (("4510", ""), ("4510", ""), False),
    ],
)
def test_document(one, other, same):
    assert document(*one).shares_document(document(*other)) is same
    assert document(*other).shares_document(document(*one)) is same


SENT = PatientInfo(
    family="Ёлкина",
    name="Анна",
    polis=Polis("АБ", "1", Coded("1", "старый")),
    identity_document=IdentityDocument("4510", "7", Coded("14", "Паспорт")),
    phone="1",
    disability={"group": 2},
    birth_date=dt.date(1980, 2, 29),
    sex="F",
    snils="11223344595",
)


class TestFilling:
    def fill(self, info=SENT, **card):
        return blanks_to_fill(Patient(**card), info)

    def test_a_blank_card_takes_all_that_was_sent(self):
        expected = {name: value for name, value in SENT.columns().items() if value not in ("", None)}
        assert self.fill() == expected

    def test_nothing_known_is_overwritten(self):
        known = PatientInfo(
            family="Елкина",
            name="АННА",
            patronymic="Петровна",
            polis=Polis("аб", "01", Coded("9", "иной")),
            identity_document=IdentityDocument("1", "2", Coded("3", "иной")),
            phone="2",
            address="там",
            disability=0,
            birth_date=dt.date(1980, 3, 1),
            sex="M",
            snils="08765430300",
        )
        assert self.fill(**known.columns()) == {}

    def test_nothing_sent_fills_nothing(self):
        assert self.fill(PatientInfo(), family="Ёлкина") == {}

    def test_the_series_of_another_polis_stays_out(self):
        assert not {"polis_series", "polis_type_code", "polis_type_name"} & self.fill(polis_number="2").keys()

    def test_the_series_of_the_same_polis_comes_in(self):
        assert self.fill(polis_number="1")["polis_series"] == "АБ"

    def test_a_number_is_not_added_to_another_series(self):
        assert "polis_number" not in self.fill(polis_series="ВГ")

    def test_the_kind_of_another_document_stays_out(self):
        assert not [name for name in self.fill(document_number="8") if name.startswith("document_")]

    def test_a_name_of_another_kind_stays_out(self):
        filled = self.fill(polis_number="1", polis_type_code="3")
        assert "polis_type_name" not in filled
        assert filled["polis_series"] == "АБ"


def test_an_info_goes_through_columns_and_back():
    assert PatientInfo.of_columns(SENT.columns()) == SENT
