"""Contract §2.1: whose cards a patient token means."""

from uuid import uuid4

import pytest
from django.db import connection

from lmis.api.callers import TokenClaims
from patients.exceptions import PatientNotFound
from patients.models import Patient
from patients.services.identify import _NAMED, cards_of
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


def of(*mkabs, person=None):
    return cards_of(claims=TokenClaims(mkabs=tuple(mkabs), person_guid=person))


def merged(card, into):
    Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=into)


def withdrawn(card):
    Patient.objects.filter(pk=card.pk).update(state="withdrawn")


def test_a_card_that_is_named(lpu, card):
    a_card(lpu)
    assert of(card.guid) == [card]


def test_the_person_when_no_card_is_named(lpu):
    person = uuid4()
    card = a_card(lpu, person_guid=person)
    a_card(lpu, person_guid=uuid4())
    assert of(person=person) == [card]


def test_the_person_when_the_named_card_is_not_here(lpu):
    person = uuid4()
    card = a_card(lpu, person_guid=person)
    assert of(uuid4(), person=person) == [card]


def test_a_named_card_goes_before_the_person(lpu, card):
    person = uuid4()
    a_card(lpu, person_guid=person)
    assert of(card.guid, person=person) == [card]


def test_all_cards_that_are_named_oldest_first(lpu, card):
    other = a_card(an_lpu())
    assert of(other.guid, card.guid) == [card, other]


def test_with_a_named_card_those_of_the_same_person_at_our_other_lpus(lpu):
    person = uuid4()
    card, other = a_card(lpu, person_guid=person), a_card(an_lpu(), person_guid=person)
    assert of(card.guid) == [card, other]
    assert of(other.guid, person=uuid4()) == [card, other]
    assert of(other.guid, person=person) == [card, other]


def test_cards_that_the_mip_does_not_know_have_nothing_in_common(lpu, card):
    a_card(an_lpu())
    assert of(card.guid) == [card]


def test_a_merged_card_means_its_survivor(lpu, card):
    survivor = a_card(lpu)
    merged(card, survivor)
    assert of(card.guid) == [survivor]
    assert of(card.guid, survivor.guid) == [survivor]


def test_the_person_of_a_merged_card_means_its_survivor(lpu):
    person = uuid4()
    card, survivor = a_card(lpu, person_guid=person), a_card(lpu)
    merged(card, survivor)
    assert of(person=person) == [survivor]


def test_with_a_merged_card_those_of_its_survivors_person(lpu, card):
    person = uuid4()
    survivor, other = a_card(lpu, person_guid=person), a_card(an_lpu(), person_guid=person)
    merged(card, survivor)
    assert of(card.guid) == [survivor, other]


def test_a_withdrawn_card_does_not_count(lpu, card):
    withdrawn(card)
    with pytest.raises(PatientNotFound):
        of(card.guid)


def test_a_withdrawn_card_does_not_stand_in_the_way_of_the_person(lpu, card):
    person = uuid4()
    withdrawn(card)
    other = a_card(lpu, person_guid=person)
    assert of(card.guid, person=person) == [other]


def test_a_survivor_that_was_withdrawn_does_not_count(lpu, card):
    survivor = a_card(lpu)
    merged(card, survivor)
    withdrawn(survivor)
    with pytest.raises(PatientNotFound):
        of(card.guid)


def test_a_card_of_an_lpu_that_is_not_ours_does_not_count():
    with pytest.raises(PatientNotFound):
        of(a_card(an_lpu(own=False)).guid)


@pytest.mark.parametrize("claims", [{}, {"person": uuid4()}])
def test_nobody(card, claims):
    with pytest.raises(PatientNotFound):
        of(**claims)


def test_no_person_is_not_the_person_of_cards_without_one(card):
    with pytest.raises(PatientNotFound):
        of(uuid4())


def test_statements(lpu):
    person = uuid4()
    card = a_card(lpu, person_guid=person)
    for claims, most in [({"person": person}, 1), ({"person": None}, 2)]:
        with statements() as found:
            cards = of(card.guid, **claims)
            assert cards[0].lpu == lpu
        assert len(found) <= most, listed(found)


def test_reads_no_other_cards_of_a_clinic_that_is_just_being_filled(lpu):
    """PostgreSQL last looked when there were none, and takes all of an LPU's cards for as good as one."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE lmis_lpu, patients_patient")
        cards = [Patient(lpu=lpu, family="Ёлкина", polis_number=f"{n:016d}", card_number=str(n)) for n in range(2000)]
        Patient.objects.bulk_create(cards)
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {_NAMED}", [[cards[7].guid], uuid4()])
        [[plan]] = cursor.fetchall()
    assert sum(rows_left_out(plan[0]["Plan"])) == 0


def rows_left_out(node):
    yield node.get("Rows Removed by Filter", 0)
    for below in node.get("Plans", ()):
        yield from rows_left_out(below)
