"""What the database refuses about phones, likely duplicates and imports, whatever path a write takes."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import CardImport, CardImportChunk, CardImportRow, LikelyDuplicate, Patient, PatientPhone
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(lpu):
    return a_card(lpu)


@pytest.fixture
def an_import(lpu):
    user = User.objects.create(username="olga")
    return CardImport.objects.create(lpu=lpu, user=user, file_name="x", state="checked")


def refused(constraint, write):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write()


def test_a_polis_or_a_reason(card):
    none = Patient.objects.filter(pk=card.pk)
    none.update(polis_number="", no_polis_reason="lost")
    none.update(polis_number="7700000000000016")
    assert none.get().no_polis_reason == ""
    none.update(no_polis_reason="lost")
    assert none.get().no_polis_reason == ""


def test_a_phone_once_a_card_whatever_its_spelling(card, other):
    PatientPhone.objects.create(patient=card, number="+7 900 000-00-01")
    PatientPhone.objects.create(patient=other, number="+7 900 000-00-01")
    refused("phone_once_per_card", lambda: PatientPhone.objects.create(patient=card, number="89000000001"))


@pytest.mark.parametrize(
    ("constraint", "fields"), [("phone_has_digits", {"number": "none"}), ("phone_kind_known", {"kind": "fax"})]
)
def test_a_phone_makes_sense(card, constraint, fields):
    refused(constraint, lambda: PatientPhone.objects.create(**{"patient": card, "number": "1"} | fields))


def test_a_pair_once_and_in_order(card, other):
    LikelyDuplicate.objects.create(one=card, other=other, why="polis")
    refused("likely_pair_once", lambda: LikelyDuplicate.objects.create(one=card, other=other, why="snils"))
    refused("likely_pair_in_order", lambda: LikelyDuplicate.objects.create(one=other, other=card, why="snils"))


@pytest.mark.parametrize("change", [{"state": "merged"}, {"decided_at": timezone.now()}, {"state": "nonsense"}])
def test_a_decision_has_a_time(card, other, change):
    LikelyDuplicate.objects.create(one=card, other=other, why="polis")
    refused("likely_pair_decided_has_time", lambda: LikelyDuplicate.objects.update(**change))


def test_an_import_is_in_a_known_state(an_import):
    refused("import_state_known", lambda: CardImport.objects.update(state="nonsense"))


def test_pieces_and_rows_once(an_import):
    CardImportChunk.objects.create(card_import=an_import, ordinal=0, data=b"")
    CardImportRow.objects.create(card_import=an_import, line=2, cells=[])
    chunk = {"card_import": an_import, "ordinal": 0, "data": b""}
    refused("import_chunk_once", lambda: CardImportChunk.objects.create(**chunk))
    refused("import_row_once", lambda: CardImportRow.objects.create(card_import=an_import, line=2, cells=[]))
    refused("import_row_fate_known", lambda: CardImportRow.objects.update(fate="nonsense"))
