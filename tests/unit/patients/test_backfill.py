"""Existing cards sent again: what is handed over, how far it has come, and who goes first."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from patients import tasks
from patients.exceptions import BackfillRunning, MipNotConfigured, ScopeNotSensible, SinceTooLongAgo
from patients.models import Backfill, CardUpload, ExchangeMark, MipGate, Patient
from patients.services import backfill, pauses, uploads
from patients.services.backfill import Scope
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def mip(settings):
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}


@pytest.fixture
def now():
    return timezone.now() + SECOND


@pytest.fixture
def cards(lpu):
    """Five cards that the MIP has."""
    found = [a_card(lpu) for _ in range(5)]
    settle(found)
    return found


def settle(cards, state="accepted", **columns):
    CardUpload.objects.filter(pk__in=[card.pk for card in cards]).update(state=state, **columns)


def start(now, **scope):
    return backfill.start(scope=Scope(**scope), by=SYSTEM, now=now)


def queued():
    """Cards that wait behind all others."""
    return set(CardUpload.objects.filter(state="waiting", priority=2).values_list("pk", flat=True))


def waiting():
    """Cards that wait, in whatever place."""
    return set(CardUpload.objects.filter(state="waiting").values_list("pk", flat=True))


def keys(cards):
    return {card.pk for card in cards}


class TestScope:
    def test_all(self, cards, now):
        asked = start(now)
        backfill.work(now=now)
        assert asked.total == 5
        assert queued() == keys(cards)

    def test_what_needs_no_upload_is_left_out(self, cards, now):
        settle(cards[:1], "not_needed")
        assert start(now).total == 4
        backfill.work(now=now)
        assert queued() == keys(cards[1:])

    def test_those_changed_since(self, cards, now):
        Patient.objects.filter(pk=cards[0].pk).update(updated_at=now - dt.timedelta(days=9))
        settle(cards)
        assert start(now, changed_since=now - dt.timedelta(days=1)).total == 4
        backfill.work(now=now)
        assert queued() == keys(cards[1:])

    @pytest.mark.parametrize("state", ["rejected", "duplicate", "retry"])
    def test_those_in_a_state(self, cards, now, state):
        place = 2 if state == "retry" else 1  # what is on its way keeps it
        settle(cards[:2], state, error_code="x", error_text="y", error_field="z", attempts=7, due_at=now + 99 * SECOND)
        CardUpload.objects.filter(pk__in=keys(cards[:2])).update(priority=place)
        assert start(now, state=state).total == 2
        backfill.work(now=now)
        assert queued() == keys(cards[:2])
        row = CardUpload.objects.get(pk=cards[0].pk)
        assert (row.error_code, row.error_text, row.error_field, row.attempts, row.due_at) == ("", "", "", 0, now)

    def test_those_with_a_reason(self, cards, now):
        settle(cards[:3], "rejected", error_code="a")
        settle(cards[:1], "rejected", error_code="b")
        assert start(now, state="rejected", error_code="a").total == 2
        backfill.work(now=now)
        assert queued() == keys(cards[1:3])

    def test_those_of_an_lpu(self, cards, now):
        other = a_card(an_lpu())
        settle([other])
        assert start(now, lpu=other.lpu).total == 1
        backfill.work(now=now)
        assert queued() == {other.pk}

    @pytest.mark.parametrize("state", ["waiting", "in_flight", "not_needed", "nonsense"])
    def test_no_state_that_is_on_its_way(self, now, state):
        with pytest.raises(ScopeNotSensible):
            start(now, state=state)
        assert not Backfill.objects.exists()

    @pytest.mark.parametrize("year", [1, 1899])
    def test_no_card_is_so_old(self, now, year):
        with pytest.raises(SinceTooLongAgo):
            start(now, changed_since=dt.datetime(year, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=3))))
        assert not Backfill.objects.exists()

    def test_not_without_a_mip(self, now, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        with pytest.raises(MipNotConfigured):
            start(now)


class TestHandingOver:
    def test_what_is_on_its_way_is_left_alone(self, cards, now):
        flying = uploads.claim(now=now + SECOND, card_id=a_card(cards[0].lpu).pk)
        new, tried = a_card(cards[0].lpu), a_card(cards[0].lpu)
        settle([tried], "retry", due_at=now + 99 * SECOND, attempts=3)
        start(now)
        backfill.work(now=now)
        assert queued() == keys(cards)
        assert CardUpload.objects.get(pk=flying.cards[0].pk).claim == flying.claim
        assert CardUpload.objects.get(pk=new.pk).priority == 1
        row = CardUpload.objects.get(pk=tried.pk)
        assert (row.state, row.attempts, row.due_at) == ("retry", 3, now + 99 * SECOND)

    def test_never_more_than_there_is_room_for(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now)
        assert queued() == keys(cards[:2])
        backfill.work(now=now + SECOND)
        assert len(queued()) == 2
        settle(cards[:1])
        backfill.work(now=now + 2 * SECOND)
        assert queued() == keys(cards[1:3])

    def test_bad_cards_that_wait_to_repeat_take_no_room(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now)
        settle(cards[:2], "retry", due_at=now + 999 * SECOND)
        backfill.work(now=now + SECOND)
        assert queued() == keys(cards[2:4])

    def test_what_is_on_its_way_already_keeps_its_place(self, cards, now):
        """A change of today would else wait behind the existing cards, where no alarm of changes looks."""
        settle(cards[:2], "retry", priority=CardUpload.Priority.CHANGED, due_at=now + 999 * SECOND)
        start(now, state="retry")
        backfill.work(now=now)
        moved = CardUpload.objects.filter(pk__in=[card.pk for card in cards[:2]])
        assert set(moved.values_list("state", "priority")) == {("waiting", CardUpload.Priority.CHANGED)}
        assert all(due_at <= now for due_at in moved.values_list("due_at", flat=True))

    @pytest.mark.parametrize("place", CardUpload.Priority.values)
    def test_what_keeps_its_place_takes_room_too(self, cards, now, monkeypatch, place):
        monkeypatch.setattr(backfill, "ROOM", 2)
        settle(cards, "retry", priority=place, due_at=now + 999 * SECOND)
        start(now, state="retry")
        for turn in range(3):
            backfill.work(now=now + turn * SECOND)
            assert waiting() == keys(cards[:2])
        settle(cards[:1])
        backfill.work(now=now + 3 * SECOND)
        assert waiting() == keys(cards[1:3])

    def test_piece_by_piece(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "AT_ONCE", 2)
        monkeypatch.setattr(backfill, "LOOKED_AT", 3)
        settle(cards[:3], "rejected")
        start(now, state="accepted")
        backfill.work(now=now)
        assert queued() == keys(cards[3:])

    def test_a_killed_step_leaves_nothing_and_the_next_goes_on_there(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "AT_ONCE", 2)
        start(now)
        measure, turns = backfill._measure, []

        def killed_in_the_second_step(*args):
            turns.append(1)
            if len(turns) == 2:
                raise KeyboardInterrupt
            measure(*args)

        monkeypatch.setattr(backfill, "_measure", killed_in_the_second_step)
        with pytest.raises(KeyboardInterrupt):
            backfill.work(now=now)
        monkeypatch.setattr(backfill, "_measure", measure)
        assert queued() == keys(cards[:2])
        assert Backfill.objects.get().done == 2
        backfill.work(now=now)
        assert queued() == keys(cards)
        assert Backfill.objects.get().done == 5

    def test_a_new_card_goes_before_them(self, cards, now):
        start(now)
        backfill.work(now=now)
        new = a_card(cards[0].lpu)
        first = uploads.claim(now=now + SECOND, limit=2).cards
        assert first[0] == new
        assert first[1] in cards

    def test_cards_that_come_later_are_not_counted(self, cards, now, monkeypatch):
        start(now)
        later = a_card(cards[0].lpu)
        settle([later])
        backfill.work(now=now)
        assert queued() == keys(cards)

    def test_it_ends_when_all_are_sent(self, cards, now):
        start(now)
        backfill.work(now=now)
        assert Backfill.objects.get().ended_at is None
        settle(cards)
        backfill.work(now=now + SECOND)
        assert Backfill.objects.get().ended_at == now + SECOND
        assert backfill.work(now=now + 2 * SECOND) == 0

    def test_statements(self, cards, now):
        start(now)
        with statements() as found:
            backfill._step(now)
        # the request, how many wait, the end of the window, the cards, those that are free, they wait, the request
        assert len(found) == 7, listed(found)

    def test_beat_moves_it(self, cards, now):
        start(now)
        tasks.move_backfill()
        assert queued() == keys(cards)


class TestStartAndStop:
    def test_one_at_a_time(self, cards, now):
        start(now)
        with pytest.raises(BackfillRunning):
            start(now)
        assert Backfill.objects.count() == 1

    def test_the_database_insists(self, cards, now):
        start(now)
        other = Backfill.objects.get()
        other.pk = None
        with pytest.raises(IntegrityError, match="backfill_one_at_a_time"), transaction.atomic():
            other.save(force_insert=True)
        for constraint, wrong in {
            "backfill_stopped_has_ended": {"stopped_by": "x"},
            "backfill_state_sent": {"state": "waiting"},
        }.items():
            with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
                Backfill.objects.update(**wrong)

    def test_stopped(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now)
        assert backfill.stop(by=SYSTEM, now=now)
        settle(cards)
        assert backfill.work(now=now + SECOND) == 0
        assert queued() == set()
        assert not backfill.stop(by=SYSTEM, now=now)
        start(now)
        marks = ExchangeMark.objects.order_by("pk").values_list("kind", "text")
        assert list(marks) == [("backfill", "+ 5"), ("backfill", "× 2 / 5"), ("backfill", "+ 5")]

    def test_it_goes_on_where_it_was_stopped(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now)
        sent = queued()
        backfill.stop(by=SYSTEM, now=now)
        settle(cards)
        monkeypatch.setattr(backfill, "ROOM", 9)
        asked = backfill.start(scope=Scope(), by=SYSTEM, now=now + SECOND, resumes=True)
        assert asked.total == 3
        backfill.work(now=now + SECOND)
        assert (len(sent), queued()) == (2, keys(cards) - sent)
        settle(cards)
        backfill.work(now=now + 2 * SECOND)
        assert not backfill.progress(now=now).is_running
        # That one came to its end: there is nothing to go on with.
        assert backfill.start(scope=Scope(), by=SYSTEM, now=now + 3 * SECOND, resumes=True).total == 5

    def test_it_goes_on_with_no_other_selection(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now)
        backfill.stop(by=SYSTEM, now=now)
        settle(cards)
        asked = backfill.start(scope=Scope(lpu=cards[0].lpu), by=SYSTEM, now=now + SECOND, resumes=True)
        assert (asked.cursor, asked.total) == (0, 5)


class TestProgress:
    def test_none_yet(self, now):
        assert backfill.progress(now=now) is None

    def test_rate_and_time_left(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now + SECOND)
        settle(cards[:2])
        backfill.work(now=now + 2 * SECOND)
        shown = backfill.progress(now=now + 2 * SECOND)
        assert (shown.done, shown.total, shown.percent, shown.is_running) == (2, 5, 40, True)
        assert shown.rate == 2.0  # not smoothed from the standstill before the first card
        assert shown.left == dt.timedelta(seconds=round(3 / shown.rate))

    def test_a_standstill_lets_the_rate_sink(self, cards, now, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        start(now)
        backfill.work(now=now + SECOND)
        settle(cards[:2])
        backfill.work(now=now + 2 * SECOND)
        before = backfill.progress(now=now).rate
        backfill.work(now=now + 300 * SECOND)
        shown = backfill.progress(now=now + 300 * SECOND)
        assert shown.rate < before / 10
        assert shown.done == 2

    def test_the_end(self, cards, now):
        start(now)
        backfill.work(now=now)
        settle(cards)
        backfill.work(now=now + SECOND)
        shown = backfill.progress(now=now + SECOND)
        assert (shown.percent, shown.is_running, shown.left, shown.waits_because) == (100, False, None, "")

    @pytest.mark.parametrize("place", CardUpload.Priority.values)
    def test_what_waits_in_its_own_place_is_not_sent(self, cards, now, place):
        settle(cards, "retry", priority=place, error_code="http_500", due_at=now + 999 * SECOND)
        start(now, state="retry", error_code="http_500")
        for turn in range(1, 4):
            backfill.work(now=now + turn * SECOND)
        shown = backfill.progress(now=now + 4 * SECOND)
        assert waiting() == keys(cards)
        assert (shown.done, shown.percent, shown.is_running) == (0, 0, True)
        settle(cards[:3])
        backfill.work(now=now + 4 * SECOND)
        assert backfill.progress(now=now + 4 * SECOND).percent == 60
        settle(cards)
        backfill.work(now=now + 5 * SECOND)
        shown = backfill.progress(now=now + 5 * SECOND)
        assert (shown.done, shown.percent, shown.is_running) == (5, 100, False)

    def test_a_change_further_on_does_not_hold_it(self, cards, now):
        settle(cards[:2], "retry", due_at=now + 999 * SECOND)
        start(now, state="retry")
        backfill.work(now=now)
        later = a_card(cards[0].lpu)
        settle(cards)
        backfill.work(now=now + SECOND)
        assert waiting() == {later.pk}
        assert not backfill.progress(now=now + SECOND).is_running

    def test_of_nothing(self, now):
        start(now)
        backfill.work(now=now + SECOND)
        assert backfill.progress(now=now + SECOND).percent == 100

    def test_what_it_waits_for(self, cards, now):
        start(now)
        backfill.work(now=now)
        assert backfill.progress(now=now).waits_because == ""
        pauses.pause(reason="x", until=now + 60 * SECOND, by=SYSTEM, now=now)
        assert backfill.progress(now=now).waits_because == "pause"
        pauses.resume(by=SYSTEM, now=now)
        MipGate.objects.create(kind="outage", closed_until=now + 60 * SECOND, since=now)
        assert backfill.progress(now=now).waits_because == "gate"
        assert backfill.progress(now=now + 61 * SECOND).waits_because == "silent"


class TestCommand:
    def said(self, capsys, *arguments):
        call_command("upload_cards", *arguments)
        return capsys.readouterr().out

    def test_starting_and_looking(self, cards, capsys):
        assert "never" in self.said(capsys, "--no-wait")
        assert "0 of 5 cards (0 %)" in self.said(capsys, "--all", "--no-wait")
        assert "0 of 5 cards (0 %)" in self.said(capsys, "--no-wait")
        assert "stopped by system" in self.said(capsys, "--stop")
        assert "nothing was being sent" in self.said(capsys, "--stop")

    def test_going_on(self, cards, capsys, monkeypatch):
        monkeypatch.setattr(backfill, "ROOM", 2)
        self.said(capsys, "--all", "--no-wait")
        backfill.work(now=timezone.now())
        self.said(capsys, "--stop")
        assert "0 of 3 cards (0 %)" in self.said(capsys, "--all", "--resume", "--no-wait")
        self.said(capsys, "--stop")
        assert "0 of 5 cards (0 %)" in self.said(capsys, "--all", "--no-wait")

    def test_narrowed_down(self, cards, capsys):
        settle(cards[:2], "rejected", error_code="a")
        given = [
            "--state",
            "rejected",
            "--reason",
            "a",
            "--lpu",
            str(cards[0].lpu.guid),
            "--changed-since",
            "2020-01-31",
        ]
        assert "0 of 2 cards" in self.said(capsys, *given, "--no-wait")
        asked = Backfill.objects.get()
        assert (asked.state, asked.error_code, asked.lpu) == ("rejected", "a", cards[0].lpu)
        assert asked.changed_since == dt.datetime(2020, 1, 31, tzinfo=timezone.get_default_timezone())

    def test_it_ends_with_the_work(self, cards, capsys, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda _seconds: (tasks.move_backfill(), settle(cards)))
        assert "5 of 5 cards (100 %), done" in self.said(capsys, "--all")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--all", "--stop"],
            ["--resume"],
            ["--resume", "--stop"],
            ["--all", "--state", "rejected"],
            ["--state", "waiting"],
            ["--lpu", "nobody"],
            ["--lpu", "1dadf64c-f34a-4023-98a6-3e7b7be4f243"],
            ["--changed-since", "yesterday"],
            ["--changed-since", "2026-02-31"],
        ],
    )
    def test_nonsense(self, cards, arguments):
        with pytest.raises(CommandError):
            call_command("upload_cards", *arguments)
        assert not Backfill.objects.exists()


def test_they_are_wanted_since_they_were_handed_over(cards, now):
    settle(cards, wanted_since=now - dt.timedelta(days=300))
    start(now)
    backfill.work(now=now)
    assert set(CardUpload.objects.values_list("wanted_since", flat=True)) == {now}


def test_imported_cards_let_others_go_first(card, now):
    uploads.let_others_first(cards=[card.pk])
    assert CardUpload.objects.get(pk=card.pk).priority == 2
