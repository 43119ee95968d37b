"""What is said about a card while it is typed, and which cards may be the same person's."""

import datetime as dt

import pytest

from patients.models import Patient
from patients.services.checks import check_card, errors
from patients.services.likely import Why, likely_duplicates
from patients.validators import enp_agrees
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card, an_info, document_of, polis_of
from tests.statements import statements

TODAY = dt.date(2026, 11, 22)
FINE = {
    "family": "Ёлкина-Салтыкова",
    "name": "Анна",
    "patronymic": "Петровна",
    "birth_date": dt.date(1980, 2, 29),
    "sex": "F",
    "snils": "11223344595",
    "polis_number": "7700000000000008",
    "phone": "+7 900 000-00-00",
}


def test_a_card_without_a_slip_has_no_hints():
    assert enp_agrees(FINE["polis_number"])
    assert check_card(FINE, today=TODAY) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family": "Ёлкина2"}, "family"),
        ({"family": "-"}, "family"),
        ({"birth_date": dt.date(2026, 11, 23)}, "birth_date"),
        ({"birth_date": dt.date(1880, 1, 1)}, "birth_date"),
        ({"snils": "11223344596"}, "snils"),
        ({"snils": "1"}, "snils"),
        ({"polis_number": "770000000000000"}, "polis_number"),
        ({"polis_number": "٧٧٠٠٠٠٠٠٠٠٠٠٠٠٠٨"}, "polis_number"),
        ({"polis_number": "", "polis_series": "АБ"}, "polis_number"),
        ({"no_polis_reason": "lost"}, "no_polis_reason"),
        ({"attached_on": dt.date(2027, 1, 1)}, "attached_on"),
        ({"polis_issued_on": dt.date(1979, 1, 1)}, "polis_issued_on"),
    ],
)
def test_errors(changes, field):
    assert list(errors(FINE | changes, today=TODAY)) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family": "Eлкина"}, "family"),
        ({"polis_number": "7700000000000009"}, "polis_number"),
        ({"polis_number": ""}, "polis_number"),
        ({"phone": "34-56"}, "phone"),
        ({"birth_date": dt.date(2020, 1, 1)}, "representative"),
        ({"sex": "M"}, "sex"),
    ],
)
def test_hints_that_forbid_nothing(changes, field):
    (hint,) = check_card(FINE | changes, today=TODAY)
    assert (hint.field, hint.is_error) == (field, False)
    assert hint.text


@pytest.mark.parametrize(
    "changes",
    [
        {"polis_number": "", "no_polis_reason": "newborn"},
        {"polis_series": "ЗР-99", "polis_number": "123456"},
        {"birth_date": dt.date(2020, 1, 1), "representative": "Ёлкина Мария"},
        {"birth_date": dt.date(2008, 11, 22)},
        {"patronymic": "Мамед оглы", "sex": "M"},
        {"family": "О’Нил", "name": "Мария (Мэри)"},
    ],
)
def test_what_is_fine(changes):
    assert check_card(FINE | changes, today=TODAY) == []


@pytest.mark.django_db
class TestLikely:
    @pytest.fixture
    def card(self, lpu):
        return a_card(lpu, birth_date=dt.date(1956, 3, 12))

    def why(self, lpu, **kwargs):
        return [(likely.card, likely.why) for likely in likely_duplicates(lpu=lpu, info=an_info(**kwargs))]

    def test_by_its_papers(self, lpu, card):
        assert self.why(lpu, polis=polis_of(card), family="Другая") == [(card, (Why.POLIS,))]
        assert self.why(lpu, document=document_of(card), family="Другая") == [(card, (Why.DOCUMENT,))]
        assert self.why(lpu, snils=card.snils, family="Другая") == [(card, (Why.SNILS,))]

    def test_by_names_and_birth_date(self, lpu, card):
        assert self.why(lpu, family="елкина", birth_date=card.birth_date) == [(card, (Why.NAMES,))]
        assert self.why(lpu) == []

    @pytest.mark.parametrize("family", ["Ёлкна", "Замужняя"])
    def test_by_a_similar_surname_or_that_of_a_husband(self, lpu, card, family):
        assert self.why(lpu, family=family, birth_date=card.birth_date) == [(card, (Why.SIMILAR,))]

    def test_others_born_that_day_are_not_meant(self, lpu, card):
        assert self.why(lpu, family="Замужняя", name="Ольга", birth_date=card.birth_date) == []

    def test_the_surest_first_in_one_statement(self, lpu, card):
        other = a_card(lpu, birth_date=card.birth_date)
        with statements() as made:
            found = self.why(lpu, polis=polis_of(other), birth_date=card.birth_date)
        assert found == [(other, (Why.POLIS, Why.NAMES)), (card, (Why.NAMES,))]
        assert len(made) == 1

    def test_a_merged_card_means_its_survivor_and_withdrawn_ones_nobody(self, lpu, card):
        survivor = a_card(lpu, family="Ёлкина")
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
        assert self.why(lpu, polis=polis_of(card)) == [(survivor, (Why.POLIS,))]
        Patient.objects.filter(pk=survivor.pk).update(state="withdrawn")
        assert self.why(lpu, polis=polis_of(card)) == []

    def test_of_this_lpu_alone(self, card):
        assert self.why(an_lpu(), polis=polis_of(card)) == []
