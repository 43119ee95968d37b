"""Rivals in the outbox and in merging, set on each other at the very moment that matters; no sleeps to hit it."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from lmis.exceptions import Unavailable
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted
from patients.models import CardUpload, Patient, UploadAttempt
from patients.querysets import CardUploadQuerySet, PatientQuerySet
from patients.services import history, uploads
from tests.concurrency.conftest import elsewhere, wait_until_somebody_waits
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card

pytestmark = pytest.mark.concurrency


@pytest.fixture(autouse=True)
def mip(settings):
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}


@pytest.fixture
def cards():
    lpu = an_lpu()
    return [a_card(lpu) for _ in range(3)]


def without_row_locks(monkeypatch, queryset):
    """The twin: reads as before, and locks nothing."""
    monkeypatch.setattr(queryset, "select_for_update", lambda self, **kwargs: self)


def accepted(card):
    """The MIP's yes to what was claimed."""
    return Exchange(
        card=card,
        outcome=Accepted(card.version),
        at=timezone.now(),
        milliseconds=1,
        status=200,
        request_id=uuid.uuid4(),
    )


class TestChangeWhileTheOutcomeIsWritten:
    """Somebody changes the card, has not committed yet, and the answer to the earlier version comes in."""

    def state_after(self, card):
        claimed = uploads.claim(now=timezone.now(), card_id=card.pk)
        sent = claimed.cards[0]
        exchange = accepted(sent)
        with elsewhere() as submit, transaction.atomic():
            Patient.objects.filter(pk=card.pk).update(phone="1")
            recording = submit(lambda: uploads.record(claimed=claimed, exchanges=[exchange], now=timezone.now()))
            wait_until_somebody_waits()
        assert recording.result(timeout=30)
        return CardUpload.objects.get(pk=card.pk).state

    def test_it_is_sent_again(self, cards):
        assert self.state_after(cards[0]) == "waiting"

    def test_twin_without_the_lock_on_the_card_the_change_is_never_sent(self, cards, monkeypatch):
        without_row_locks(monkeypatch, PatientQuerySet)
        assert self.state_after(cards[0]) == "accepted"


class TestTwoSenders:
    """The second looks for something to send between the first one's look and its claim."""

    def claims(self, card, monkeypatch):
        look, rivals = CardUploadQuerySet.lock_sendable, []

        def look_and_let_the_rival_in(self, **kwargs):
            ids = look(self, **kwargs)
            if not rivals:
                rivals.append(None)
                with elsewhere() as submit:
                    rivals[0] = submit(lambda: uploads.claim(now=timezone.now(), card_id=card.pk)).result(timeout=30)
            return ids

        monkeypatch.setattr(CardUploadQuerySet, "lock_sendable", look_and_let_the_rival_in)
        return uploads.claim(now=timezone.now(), card_id=card.pk).cards, rivals[0].cards

    def test_the_second_gets_nothing(self, cards, monkeypatch):
        first, second = self.claims(cards[0], monkeypatch)
        assert len(first) == 1
        assert second == []

    def test_twin_without_the_lock_both_send(self, cards, monkeypatch):
        without_row_locks(monkeypatch, CardUploadQuerySet)
        first, second = self.claims(cards[0], monkeypatch)
        assert len(first) == len(second) == 1


class TestTwoMerges:
    """One card is merged into a second while the second is merged into a third, in either order."""

    @staticmethod
    def merge(card, into):
        Patient.objects.filter(pk=card.pk).update(state="merged", merged_into=into)

    def survivor_after(self, cards, *, inner_first):
        one, two, three = cards
        steps = [lambda: self.merge(one, two), lambda: self.merge(two, three)]
        mine, theirs = steps if inner_first else reversed(steps)
        with elsewhere() as submit:
            with transaction.atomic():
                mine()
                other = submit(theirs)
                self.give_it_time(other)
            other.result(timeout=30)
        return Patient.objects.get(pk=one.pk).merged_into

    @staticmethod
    def give_it_time(other):
        """Until it waits for us, or (in the twin) is done without waiting."""
        done = threading.Event()
        other.add_done_callback(lambda _: done.set())
        while not done.wait(0.01):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
                if cursor.fetchone()[0]:
                    return

    @pytest.mark.parametrize("inner_first", [True, False])
    def test_no_chain_is_left(self, cards, inner_first):
        assert self.survivor_after(cards, inner_first=inner_first) == cards[2]

    @pytest.mark.parametrize("inner_first", [True, False])
    def test_twin_without_the_lock_on_the_survivor_there_is_a_chain(self, cards, inner_first):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'pgtrigger_card_merge_%'")
            (definition,) = next(row for row in cursor.fetchall() if "FOR SHARE" in row[0])
            cursor.execute(definition.replace("FOR SHARE", ""))
        try:
            assert self.survivor_after(cards, inner_first=inner_first) == cards[1]
        finally:
            with connection.cursor() as cursor:
                cursor.execute(definition)


class TestPruning:
    """A backup reads the history for an hour, and it is time to drop a day of it."""

    @pytest.fixture
    def old(self):
        now = timezone.now()
        history.look_ahead(now=now)
        yield now + timedelta(days=settings.MIP["HISTORY_DAYS"] + 2)
        with connection.cursor() as cursor:
            for name in history._known():
                cursor.execute(f"DROP TABLE {name}")

    def test_it_gives_up_and_nobody_stands_behind_it(self, old, cards):
        exchange = accepted(uploads.claim(now=timezone.now(), card_id=cards[0].pk).cards[0])
        with elsewhere() as submit, transaction.atomic():
            UploadAttempt.objects.count()
            pruning = submit(lambda: history.prune(now=old))
            with pytest.raises(Unavailable):
                pruning.result()
            submit(lambda: history.keep([exchange])).result()
        kept = UploadAttempt.objects.filter(card_id=cards[0].pk)
        assert kept.count() == 1
        assert history.prune(now=old)
        assert kept.count() == 0
