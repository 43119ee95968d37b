"""The access log: who saw which card. Nobody mends it."""

import datetime as dt
import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import RequestFactory
from django.utils import timezone

from lmis.actors import SYSTEM, Actor
from lmis.audit import AuditMiddleware
from lmis.models import AccessRecord
from lmis.services import access
from lmis.tasks import prune
from tests.factories import cast
from tests.factories.staff import an_employee, refused
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def anna():
    """A registrar."""
    return an_employee("registrar")


@pytest.fixture
def cards():
    """Three cards of one LPU."""
    lpu = cast.an_lpu()
    return [cast.a_patient(lpu) for _ in range(3)]


def look(user, *cards, what="opened", screen="desk"):
    """Note that this employee saw these cards."""
    access.note(by=Actor.of_user(user), what=what, cards=[card.guid for card in cards], screen=screen)


def seen(**filters):
    """How many records there are."""
    return AccessRecord.objects.filter(**filters).count()


def an_old(user, card, **ago):
    """A record of so long ago."""
    at = timezone.now() - dt.timedelta(**ago)
    return AccessRecord.objects.create(at=at, user=user, what="opened", card=card.guid, lpu=card.lpu, screen="desk")


class TestNote:
    def test_who_what_when_whose_where(self, anna, cards):
        before = timezone.now()
        look(anna, cards[0], what="printed", screen="ticket")
        record = AccessRecord.objects.get()
        assert (record.user, record.what, record.card, record.lpu, record.screen) == (
            anna,
            "printed",
            cards[0].guid,
            cards[0].lpu,
            "ticket",
        )
        assert before <= record.at <= timezone.now()

    def test_many_cards_are_one_insert(self, anna, cards):
        """1. INSERT of all three."""
        with statements() as found:
            look(anna, *cards, what="found")
        assert len(found) == 1, listed(found)
        assert set(AccessRecord.objects.values_list("card", flat=True)) == {card.guid for card in cards}

    def test_no_card_is_no_statement(self, anna):
        with statements() as found:
            look(anna)
        assert not found

    @pytest.mark.parametrize("what", ["opened", "found"])
    def test_again_within_a_minute_by_the_same_person_is_one_record(self, anna, cards, what):
        look(anna, cards[0], what=what)
        look(anna, cards[0], cards[1], what=what, screen="grid")
        assert seen(card=cards[0].guid) == 1
        assert seen(card=cards[1].guid) == 1

    def test_found_then_opened_are_two(self, anna, cards):
        look(anna, cards[0], what="found")
        look(anna, cards[0], what="opened")
        assert seen(card=cards[0].guid) == 2

    def test_somebody_else_and_a_minute_later_are_records_of_their_own(self, anna, cards):
        an_old(anna, cards[0], seconds=61)
        look(anna, cards[0])
        look(an_employee("doctor"), cards[0])
        assert seen(card=cards[0].guid) == 3

    @pytest.mark.parametrize("what", ["printed", "exported"])
    def test_each_print_and_each_export_counts(self, anna, cards, what):
        look(anna, cards[0], what=what)
        look(anna, cards[0], what=what)
        assert seen(what=what) == 2

    def test_what_is_no_employee_is_not_written_down(self, cards):
        access.note(by=SYSTEM, what="opened", cards=[cards[0].guid], screen="desk")
        assert not seen()

    def test_an_unknown_word_is_refused(self, anna, cards):
        with pytest.raises(ValueError, match="looked"):
            look(anna, cards[0], what="looked")
        assert not seen()

    def test_a_guid_that_is_no_card_leaves_nothing(self, anna):
        access.note(by=Actor.of_user(anna), what="opened", cards=[uuid.uuid4()], screen="desk")
        assert not seen()

    def test_the_address_is_that_of_the_request(self, anna, cards, settings):
        settings.TRUSTED_PROXIES = ["10.0.0.1"]
        request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "192.0.2.7"})
        request.user = anna
        AuditMiddleware(lambda _request: look(anna, cards[0]))(request)
        assert AccessRecord.objects.get().address == "192.0.2.7"

    def test_an_error_is_not_swallowed(self, anna, cards):
        with pytest.raises(DatabaseError), transaction.atomic():
            look(anna, cards[0], screen="x" * 41)
        assert not seen()


class TestKept:
    """The database refuses to mend what was written down."""

    @pytest.fixture(autouse=True)
    def record(self, anna, cards):
        """Written down now."""
        look(anna, cards[0])
        return AccessRecord.objects.get()

    def test_no_change_by_update_save_or_sql(self, record):
        with refused(DatabaseError):
            AccessRecord.objects.update(screen="nowhere")
        with refused(DatabaseError):
            record.save()
        with refused(DatabaseError), connection.cursor() as cursor:
            cursor.execute("UPDATE lmis_accessrecord SET user_id = user_id")
        record.refresh_from_db()
        assert record.screen == "desk"

    def test_no_deletion(self, record):
        with refused(DatabaseError) as caught:
            record.delete()
        assert caught.value.__cause__.diag.constraint_name == "access_is_kept"
        assert seen() == 1

    def test_no_deletion_of_an_old_one_outside_pruning(self, anna, cards):
        old = an_old(anna, cards[1], days=4000)
        with refused(DatabaseError):
            old.delete()
        assert seen() == 2

    def test_pruning_cannot_be_talked_into_taking_a_young_one(self):
        with refused(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lmis.prune_access_before', 'infinity', true)")
            cursor.execute("DELETE FROM lmis_accessrecord")
        assert seen() == 1

    def test_no_truncate(self):
        with refused(DatabaseError) as caught, connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the pending foreign keys refuse first
            cursor.execute("TRUNCATE lmis_accessrecord")
        assert caught.value.__cause__.diag.constraint_name == "access_no_truncate"
        assert seen() == 1

    def test_an_unknown_kind_is_refused(self, anna, cards):
        with refused(DatabaseError) as caught:
            AccessRecord.objects.create(
                at=timezone.now(), user=anna, what="looked", card=cards[0].guid, lpu=cards[0].lpu, screen="desk"
            )
        assert caught.value.__cause__.diag.constraint_name == "access_what_known"

    def test_an_employee_with_records_is_not_deleted(self, anna):
        with refused(ProtectedError):
            anna.delete()


class TestPruning:
    def test_only_what_is_older_than_the_setting_goes(self, anna, cards, settings):
        settings.ACCESS_LOG_DAYS = 100
        for days in (101, 400, 99):
            an_old(anna, cards[0], days=days)
        assert access.prune(timezone.now()) == 2
        assert seen() == 1
        assert access.prune(timezone.now()) == 0

    def test_in_batches(self, anna, cards, settings, monkeypatch):
        settings.ACCESS_LOG_DAYS = 100
        monkeypatch.setattr(access, "_BATCH", 2)
        for card in (*cards, *cards[:2]):
            an_old(anna, card, days=101)
        assert access.prune(timezone.now()) == 5

    def test_beat_prunes_it(self, anna, cards):
        an_old(anna, cards[0], days=1096)
        an_old(anna, cards[0], days=1094)
        prune()
        assert seen() == 1

    def test_too_short_a_length_is_refused_at_the_start(self, settings):
        settings.ACCESS_LOG_DAYS = 29
        with pytest.raises(ImproperlyConfigured, match="ACCESS_LOG_DAYS"):
            access.check_settings()
