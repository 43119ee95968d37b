"""Contract §4: a card's change and the intent to upload it are one transaction, whatever path the change takes."""

import datetime as dt
import time
import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from patients.models import CardUpload, Patient
from patients.models.triggers import UPLOADED_COLUMNS
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card

NOW_MS = 1_000
CHANGES = {
    "guid": "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a11",
    "state": "withdrawn",
    "card_number": "changed",
    "family": "Иная",
    "name": "Иная",
    "patronymic": "Иная",
    "birth_date": "1981-01-01",
    "sex": "M",
    "snils": "11223344595",
    "polis_series": "АБ",
    "polis_number": "999",
    "polis_type_code": "9",
    "polis_type_name": "иной",
    "document_series": "9999",
    "document_number": "999999",
    "document_type_code": "9",
    "document_type_name": "иной",
    "phone": "1",
    "address": "иной",
}


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def accepted(card):
    """As if the MIP had taken the card; its version."""
    CardUpload.objects.filter(pk=card.pk).update(state="accepted", attempts=3, last_attempt_at=timezone.now())
    return Patient.objects.get(pk=card.pk).version


def assert_waits_with_more_than(version, card):
    upload = CardUpload.objects.get(pk=card.pk)
    assert (upload.state, upload.attempts) == ("waiting", 0)
    assert Patient.objects.get(pk=card.pk).version > version


def assert_untouched(version, card):
    assert CardUpload.objects.get(pk=card.pk).state == "accepted"
    assert Patient.objects.get(pk=card.pk).version == version


def test_a_new_card_waits_for_its_upload_and_has_a_version_of_now(card):
    before = int(time.time() * NOW_MS) - 60_000
    assert card.upload.state == "waiting"
    assert before < Patient.objects.get(pk=card.pk).version < before + 120_000


@pytest.mark.parametrize("column", sorted(CHANGES))
def test_plain_sql_on_each_uploaded_column(card, column):
    version = accepted(card)
    sql(f"UPDATE patients_patient SET {column} = %s WHERE id = %s", CHANGES[column], card.pk)
    assert_waits_with_more_than(version, card)


def test_the_columns_above_are_all_of_them():
    assert set(CHANGES) | {"lpu_id", "merged_into_id"} == set(UPLOADED_COLUMNS)


def test_another_lpu(card):
    version = accepted(card)
    sql("UPDATE patients_patient SET lpu_id = %s WHERE id = %s", an_lpu().pk, card.pk)
    assert_waits_with_more_than(version, card)


def test_a_merge(lpu, card):
    survivor, version = a_card(lpu), accepted(card)
    Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=survivor)
    assert_waits_with_more_than(version, card)


def test_queryset_update(card):
    version = accepted(card)
    Patient.objects.filter(pk=card.pk).update(phone="79001112233")
    assert_waits_with_more_than(version, card)


def test_bulk_create(lpu):
    made = Patient.objects.bulk_create([Patient(lpu=lpu, polis_number=str(number)) for number in range(3)])
    assert CardUpload.objects.filter(pk__in=[card.pk for card in made], state="waiting").count() == 3
    assert all(card.version > 0 for card in made)


def test_copy(lpu):
    texts = dict.fromkeys(
        f.column for f in Patient._meta.concrete_fields if f.editable and f.get_internal_type() == "CharField"
    )
    row = dict.fromkeys([*texts, "created_by", "changed_by"], "")
    row |= {"guid": "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a12", "lpu_id": lpu.pk, "state": "active", "polis_number": "1"}
    with connection.cursor() as cursor, cursor.copy(f"COPY patients_patient ({', '.join(row)}) FROM STDIN") as copy:
        copy.write_row(tuple(row.values()))
    card = Patient.objects.get(lpu=lpu)
    assert card.upload.state == "waiting"
    assert card.version > 0


def test_a_stale_save_raises_the_version_again(card):
    stale = Patient.objects.get(pk=card.pk)
    Patient.objects.filter(pk=card.pk).update(phone="79001112233")
    version = accepted(card)
    stale.save()
    assert_waits_with_more_than(version, card)


def test_a_stale_save_that_changes_nothing_does_not_take_the_version_back(card):
    stale = Patient.objects.get(pk=card.pk)
    Patient.objects.filter(pk=card.pk).update(version=card.version + 10_000)
    version = accepted(card)
    stale.save()
    assert_untouched(version, card)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("disability", '{"group": 2}'),
        ("person_guid", "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a13"),
        ("changed_by", "somebody"),
        ("phone", "79000000000"),
        ("version", 1),
    ],
)
def test_what_the_mip_is_not_told_of_asks_for_no_upload(card, column, value):
    version = accepted(card)
    sql(f"UPDATE patients_patient SET {column} = %s WHERE id = %s", value, card.pk)
    assert_untouched(version, card)


def test_a_higher_version_by_itself_asks_for_an_upload(card):
    version = accepted(card)
    Patient.objects.filter(pk=card.pk).update(version=version + 5)
    assert_waits_with_more_than(version, card)
    assert Patient.objects.get(pk=card.pk).version == version + 5


def test_the_version_rises_by_one_at_least_when_it_is_ahead_of_the_clock(card):
    ahead = card.version + 10_000_000
    Patient.objects.filter(pk=card.pk).update(version=ahead)
    Patient.objects.filter(pk=card.pk).update(phone="1")
    assert Patient.objects.get(pk=card.pk).version == ahead + 1


def test_a_rollback_leaves_neither_the_card_nor_the_intent(lpu):
    with transaction.atomic():
        pk = a_card(lpu).pk
        transaction.set_rollback(True)
    assert not Patient.objects.filter(pk=pk).exists()
    assert not CardUpload.objects.filter(pk=pk).exists()


def test_a_rolled_back_change_leaves_the_upload_as_it_was(card):
    version = accepted(card)
    with transaction.atomic():
        Patient.objects.filter(pk=card.pk).update(phone="1")
        transaction.set_rollback(True)
    assert_untouched(version, card)


def test_a_change_in_flight_leaves_the_sender_its_claim(card):
    until = timezone.now() + dt.timedelta(minutes=1)
    claim = "6f0f0a4e-5d0e-4b57-8e1f-3a0d5f3b6a14"
    CardUpload.objects.filter(pk=card.pk).update(state="in_flight", claim=claim, claimed_until=until, attempts=1)
    Patient.objects.filter(pk=card.pk).update(phone="1")
    upload = CardUpload.objects.get(pk=card.pk)
    assert (upload.state, str(upload.claim), upload.attempts) == ("in_flight", claim, 1)


def test_a_rejected_card_that_was_mended_forgets_its_error(card):
    CardUpload.objects.filter(pk=card.pk).update(
        state="rejected", error_code="invalid", error_text="Неверно", error_field="snils"
    )
    Patient.objects.filter(pk=card.pk).update(phone="1")
    upload = CardUpload.objects.get(pk=card.pk)
    assert (upload.state, upload.error_code, upload.error_text, upload.error_field) == ("waiting", "", "", "")


def test_a_card_that_left_before_it_was_ever_sent_need_not_be_told_of(card):
    Patient.objects.filter(pk=card.pk).update(state="withdrawn")
    assert CardUpload.objects.get(pk=card.pk).state == "not_needed"


def test_one_whose_answer_was_lost_and_that_changed_since_is_told_of_when_it_leaves(card):
    CardUpload.objects.filter(pk=card.pk).update(state="retry", last_attempt_at=timezone.now(), attempts=3)
    Patient.objects.filter(pk=card.pk).update(phone="1")
    Patient.objects.filter(pk=card.pk).update(state="withdrawn")
    assert CardUpload.objects.get(pk=card.pk).state == "waiting"


def test_an_intent_that_somebody_deleted_comes_back_with_the_next_change(card):
    CardUpload.objects.filter(pk=card.pk).delete()
    Patient.objects.filter(pk=card.pk).update(phone="1")
    assert CardUpload.objects.get(pk=card.pk).state == "waiting"


class TestCardNumber:
    def test_a_card_without_one_is_given_one(self, lpu):
        card = Patient.objects.get(pk=a_card(lpu, card_number="").pk)
        assert card.card_number == f"M-{card.pk:07d}"

    def test_a_number_that_was_given_stays(self, lpu):
        assert Patient.objects.get(pk=a_card(lpu, card_number="123/4").pk).card_number == "123/4"

    def test_one_that_somebody_has_taken_already_is_no_obstacle(self, lpu, card):
        following = sql("SELECT last_value + 1 FROM patients_patient_id_seq")[0][0]
        Patient.objects.filter(pk=card.pk).update(card_number=f"M-{following:07d}")
        other = Patient.objects.get(pk=a_card(lpu, card_number="").pk)
        assert other.card_number.startswith(f"M-{other.pk:07d}-")

    def test_an_id_of_more_than_seven_digits_is_not_cut(self, lpu):
        Patient.objects.bulk_create([Patient(pk=123_456_789, lpu=lpu)])
        assert Patient.objects.get(pk=123_456_789).card_number == "M-123456789"


class TestMerging:
    def merge(self, card, into):
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=into)

    def survivor_of(self, card):
        return Patient.objects.get(pk=card.pk).merged_into

    def test_what_was_merged_into_a_card_goes_on_to_its_survivor(self, lpu):
        first, second, last = (a_card(lpu) for _ in range(3))
        self.merge(first, second)
        version = accepted(first)
        self.merge(second, last)
        assert self.survivor_of(first) == last
        assert_waits_with_more_than(version, first)

    def test_merging_into_a_merged_card_means_its_survivor(self, lpu):
        first, second, last = (a_card(lpu) for _ in range(3))
        self.merge(second, last)
        self.merge(first, second)
        assert self.survivor_of(first) == last


class TestSinceWhenItIsWanted:
    """The age of what the MIP does not have is that of the first change that was not sent."""

    def since_after_a_change(self, card, phone="1", **columns):
        old = timezone.now() - dt.timedelta(hours=2)
        CardUpload.objects.filter(pk=card.pk).update(**{"wanted_since": old, **columns})
        Patient.objects.filter(pk=card.pk).update(phone=phone)
        age = timezone.now() - CardUpload.objects.get(pk=card.pk).wanted_since
        return round(age.total_seconds() / 3600)

    def test_of_a_new_card(self, card):
        assert timezone.now() - CardUpload.objects.get(pk=card.pk).wanted_since < dt.timedelta(minutes=1)

    def test_what_waits_stays_as_old_as_it_is(self, card):
        assert self.since_after_a_change(card) == 2
        claimed = {"claim": uuid.uuid4(), "claimed_until": timezone.now()}
        assert self.since_after_a_change(card, state="in_flight", **claimed, phone="2") == 2

    @pytest.mark.parametrize(
        "columns", [{"state": "accepted"}, {"state": "rejected"}, {"state": "retry"}, {"priority": 2}]
    )
    def test_what_was_settled_failed_or_was_no_change_begins_anew(self, card, columns):
        assert self.since_after_a_change(card, **columns) == 0

    def test_no_moment_to_come(self, card):
        assert self.since_after_a_change(card, wanted_since=timezone.now() + dt.timedelta(hours=2)) == 0
