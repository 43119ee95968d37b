"""A file changes many cards while a worker writes down what the MIP said of them: neither waits for the other's."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.utils import timezone

from lmis.actors import Actor
from patients.models import CardImport, Patient
from patients.services.importing import imports, steps, writing
from tests.concurrency.conftest import elsewhere, wait_until_somebody_waits
from tests.factories import cast
from tests.factories.patients import a_card

pytestmark = pytest.mark.concurrency


@pytest.fixture
def cards():
    """By ascending id; the file below names the second first."""
    lpu = cast.an_lpu()
    return [a_card(lpu, family="Ёлкина", name="Анна") for _ in range(2)]


@pytest.fixture
def asked_for(cards):
    """An import that is confirmed: what is left is to write it."""
    by = Actor.of_user(User.objects.create(username="olga"))
    rows = [f"{card.family};{card.name};{card.polis_number};+7 900 1234567" for card in reversed(cards)]
    data = "\r\n".join(["Фамилия;Имя;Полис;Телефон", *rows]).encode()
    made = worked_on(imports.upload(pieces=[data], file_name="cards.csv", lpu=cards[0].lpu, by=by))
    made = worked_on(imports.match(card_import=made, mapping=made.mapping, overwrite=True, by=by))
    imports.confirm(card_import=made, by=by)
    return made


def worked_on(made):
    steps.work(import_id=made.pk, until=timezone.now() + dt.timedelta(minutes=5))
    made.refresh_from_db()
    return made


def locked(card, **kwargs):
    return Patient.objects.select_for_update(no_key=True, **kwargs).get(pk=card.pk)


def meet(cards, asked_for):
    """The worker has the first card, the import waits for it, and the worker asks for the second."""
    with elsewhere() as submit:
        with transaction.atomic():
            locked(cards[0])
            done = submit(lambda: worked_on(asked_for))
            wait_until_somebody_waits()
            locked(cards[1], nowait=True)
        assert done.result(timeout=30).state == CardImport.State.DONE


def test_the_import_has_not_taken_the_second_card_before_the_first(cards, asked_for):
    meet(cards, asked_for)
    assert {card.phone for card in Patient.objects.all()} == {"+7 900 1234567"}


def test_twin_in_the_order_of_the_file_it_has(cards, asked_for, monkeypatch):
    monkeypatch.setattr(writing, "sorted", lambda rows, key: rows, raising=False)
    with pytest.raises(DatabaseError, match="could not obtain lock"):
        meet(cards, asked_for)
