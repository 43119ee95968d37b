"""What the MIP (the sandbox, a process of its own) holds, against what we think it holds."""

import datetime as dt
import sqlite3
import threading
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.models import Lpu
from patients import tasks
from patients.models import CardUpload, MipGate, MipHolding, Patient, Reconciliation, ReconciliationFinding
from patients.services import concerned, findings, reconciliation, reconciling, uploads
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.unit.sandbox.region import LOGIN, PASSWORD, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def one_region(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("region") / "region.sqlite3")
    with running("--db", path, "--page-size", "2") as region:
        region.path = path
        yield region


@pytest.fixture
def region(one_region, settings):
    """An empty region whose pages have two cards, and our settings for its MIP."""
    mip = {"URL": f"{one_region.url}/mip", "LOGIN": LOGIN, "PASSWORD": PASSWORD, "TIMEOUT": 5.0}
    settings.MIP = {**settings.MIP, **mip}
    one_region.fault("ok")
    at_the_mip(one_region, "DELETE FROM cards")
    yield one_region
    one_region.fault("ok")


@pytest.fixture
def lpu(db):
    return an_lpu()


@pytest.fixture
def cards(region, lpu):
    """Five cards that the MIP has accepted."""
    found = [a_card(lpu) for _ in range(5)]
    assert uploads.send_due(seconds=20) == 5
    return found


def at_the_mip(region, sql, *params):
    """Something happens over there that we are not told of."""
    with sqlite3.connect(region.path, timeout=20) as db:
        return db.execute(sql, params).fetchall()


def held_by(region, card):
    return region.client.get(f"/mip/mkab/{card.guid}").json().get("version")


def start():
    return reconciliation.start(by=SYSTEM, now=timezone.now())


def work():
    return reconciling.work(until=timezone.now() + dt.timedelta(seconds=30))


def reconciled():
    """A whole run."""
    start()
    assert not work()
    return reconciliation.last(timezone.now())


def counts(run):
    return (run.missing, run.older, run.newer, run.unknown)


def listed(run, kind):
    return {finding.guid for finding in findings.of(run=run, kind=kind)}


def make_it_night():
    """Move the clinic to where it is two o'clock at night just now."""
    east = (2 - dt.datetime.now(dt.UTC).hour + 11) % 24 - 11
    Lpu.objects.filter(is_own=True).update(time_zone=f"Etc/GMT{-east:+d}")


def lose(region, card):
    at_the_mip(region, "DELETE FROM cards WHERE guid = ?", str(card.guid))


def test_all_is_well(cards):
    run = reconciled()
    assert (run.stage, run.held, counts(run), run.sent_again) == ("done", 5, (0, 0, 0, 0), 0)
    assert set(CardUpload.objects.values_list("state", flat=True)) == {"accepted"}
    assert not MipHolding.objects.exists()
    assert not work()


def test_a_card_that_is_missing_there_is_sent_again(region, cards):
    lose(region, cards[2])
    run = reconciled()
    assert counts(run) == (1, 0, 0, 0)
    assert listed(run, "missing") == {cards[2].guid}
    row = CardUpload.objects.get(pk=cards[2].pk)
    assert (row.state, row.priority, row.accepted_version) == ("waiting", 2, None)
    assert uploads.send_due(seconds=20) == 1
    assert held_by(region, cards[2]) == cards[2].version
    assert counts(reconciled()) == (0, 0, 0, 0)


def test_a_card_that_is_older_there_is_sent_again(region, cards):
    at_the_mip(region, "UPDATE cards SET version = version - 7 WHERE guid = ?", str(cards[1].guid))
    run = reconciled()
    assert counts(run) == (0, 1, 0, 0)
    found = findings.of(run=run, kind="older").get()
    here = cards[1].version
    assert (found.card_id, found.version_here, found.version_there) == (cards[1].pk, here, here - 7)
    assert CardUpload.objects.get(pk=cards[1].pk).accepted_version == here - 7
    assert uploads.send_due(seconds=20) == 1
    assert held_by(region, cards[1]) == cards[1].version


def test_what_rises_lets_others_go_first_and_is_no_old_change(region, cards, lpu):
    """After a restore there may be a hundred thousand of them, changed long ago."""
    long_ago = timezone.now() - dt.timedelta(days=300)
    CardUpload.objects.update(wanted_since=long_ago)
    changed = cards[0]
    Patient.objects.filter(pk=changed.pk).update(phone="1")  # on its way: keeps its place
    at_the_mip(region, "UPDATE cards SET version = version + 1000000000")
    lose(region, cards[4])
    assert counts(reconciled()) == (1, 0, 4, 0)
    new = a_card(lpu)
    rows = CardUpload.objects.exclude(pk__in=[changed.pk, new.pk])
    assert set(rows.values_list("state", "priority")) == {("waiting", 2)}
    assert not CardUpload.objects.filter(wanted_since=long_ago).exists()
    assert {card.pk for card in uploads.claim(now=timezone.now(), limit=2).cards} == {changed.pk, new.pk}


def test_after_a_restore_ours_rises_above_what_is_newer_there(region, cards):
    at_the_mip(region, "UPDATE cards SET version = version + 9 WHERE guid = ?", str(cards[3].guid))
    run = reconciled()
    assert counts(run) == (0, 0, 1, 0)
    assert Patient.objects.get(pk=cards[3].pk).version == cards[3].version + 10
    assert uploads.send_due(seconds=20) == 1
    assert held_by(region, cards[3]) == cards[3].version + 10
    assert CardUpload.objects.get(pk=cards[3].pk).state == "accepted"


def test_a_card_that_is_unknown_here_is_listed_and_left(region, cards):
    stranger = uuid.uuid4()
    at_the_mip(region, "UPDATE cards SET guid = ? WHERE guid = ?", str(stranger), str(cards[0].guid))
    run = reconciled()
    assert counts(run) == (1, 0, 0, 1)
    found = findings.of(run=run, kind="unknown").get()
    assert (found.guid, found.card_id, found.lpu) == (stranger, None, cards[0].lpu)


def test_each_lpu_of_ours_is_asked_for(region, cards):
    other = an_lpu()
    an_lpu(), an_lpu(own=False)
    elsewhere = a_card(other)
    uploads.send_due(seconds=20)
    lose(region, elsewhere)
    run = reconciled()
    assert (run.held, counts(run)) == (5, (1, 0, 0, 0))
    assert listed(run, "missing") == {elsewhere.guid}


def test_what_waits_or_is_stopped_is_no_finding(region, cards):
    a_card(cards[0].lpu)
    for state, card in zip(("rejected", "duplicate", "retry"), cards, strict=False):
        lose(region, card)
        CardUpload.objects.filter(pk=card.pk).update(state=state)
    assert counts(reconciled()) == (0, 0, 0, 0)


def test_what_was_sent_after_its_page_was_asked_for_is_no_finding(region, cards, monkeypatch):
    """The page does not have it; by the time of the comparison it is there."""
    ask, late = reconciling.holdings.page, []

    def ask_and_send_a_card(**kwargs):
        page = ask(**kwargs)
        if not late:
            late.append(a_card(cards[0].lpu, guid=uuid.UUID(int=1)))
            Patient.objects.filter(pk=cards[0].pk).update(phone="1")
            assert uploads.send_due(seconds=20) == 2
        return page

    monkeypatch.setattr(reconciling.holdings, "page", ask_and_send_a_card)
    assert counts(reconciled()) == (0, 0, 0, 0)
    assert late


def test_nothing_is_held_open_while_the_mip_is_asked(cards, monkeypatch):
    ask, open_then = reconciling.holdings.page, []

    def ask_and_look(**kwargs):
        open_then.append(connection.in_atomic_block)
        return ask(**kwargs)

    monkeypatch.setattr(reconciling.holdings, "page", ask_and_look)
    reconciled()
    assert open_then == [False] * 3


class Killed(BaseException):
    """As if by `kill -9`: nothing tidies up."""


@pytest.mark.parametrize("steps", range(1, 8))
def test_it_goes_on_wherever_it_was_killed(region, cards, monkeypatch, steps):
    lose(region, cards[2])
    at_the_mip(region, "UPDATE cards SET version = version - 7 WHERE guid = ?", str(cards[1].guid))
    at_the_mip(region, "UPDATE cards SET version = version + 9 WHERE guid = ?", str(cards[3].guid))
    monkeypatch.setattr(reconciling, "AT_ONCE", 2)
    move, done = reconciling._move, []

    def move_until_killed(run, token):
        if len(done) == steps:
            raise Killed
        done.append(1)
        return move(run, token)

    start()
    monkeypatch.setattr(reconciling, "_move", move_until_killed)
    with pytest.raises(Killed):
        work()
    monkeypatch.setattr(reconciling, "_move", move)
    assert not work(), "still held by the dead one"
    assert reconciliation.last(timezone.now()).ended_at is None
    Reconciliation.objects.update(held_until=timezone.now())
    assert not work()
    run = reconciliation.last(timezone.now())
    assert (run.stage, run.held, counts(run), run.sent_again) == ("done", 4, (1, 1, 1, 0), 3)
    assert ReconciliationFinding.objects.count() == 3


def test_two_at_once_are_one(cards, monkeypatch):
    monkeypatch.setattr(reconciling, "AT_ONCE", 2)
    gate = threading.Barrier(2)

    def one():
        gate.wait()
        start(), work()
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    run = Reconciliation.objects.get()
    assert (run.stage, run.held, counts(run)) == ("done", 5, (0, 0, 0, 0))


def test_a_holder_that_was_taken_for_dead_writes_nothing(cards, monkeypatch):
    ask = reconciling.holdings.page

    def ask_for_too_long(**kwargs):
        monkeypatch.setattr(reconciling.holdings, "page", ask)
        Reconciliation.objects.update(held_until=timezone.now())
        assert not work()  # another does all of it
        return ask(**kwargs)

    start()
    monkeypatch.setattr(reconciling.holdings, "page", ask_for_too_long)
    assert not work()
    assert Reconciliation.objects.get().held == 5


class TestTheMipFails:
    @pytest.mark.parametrize(
        ("mode", "error"), [("down", "connection_lost"), ("throttle", "http_429"), ("unauthorized", "unauthorized")]
    )
    def test_it_waits_and_goes_on(self, region, cards, mode, error):
        region.fault(mode, scope="mip")
        start()
        assert not work()
        run = reconciliation.last(timezone.now())
        assert (run.stage, run.error, run.failures, run.holder) == ("asking", error, 1, None)
        assert run.due_at > timezone.now()
        region.fault("ok")
        assert not work(), "not due yet"
        Reconciliation.objects.update(due_at=timezone.now())
        MipGate.objects.filter(closed_until__isnull=False).update(closed_until=timezone.now())
        work()
        run = reconciliation.last(timezone.now())
        assert (run.stage, run.error, run.failures) == ("done", "", 0)

    def test_nobody_listens(self, cards, settings):
        settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}
        start(), work()
        assert reconciliation.last(timezone.now()).error == "no_connection"

    def test_the_pauses_grow(self, region, cards):
        region.fault("down", scope="mip")
        start()
        waits = []
        for _ in range(7):
            work()
            waits.append((Reconciliation.objects.get().due_at - timezone.now()).total_seconds())
            Reconciliation.objects.update(due_at=timezone.now())
        assert 25 < waits[0] < waits[1] < waits[2] <= waits[-1] <= 900

    def test_one_of_last_night_is_given_up(self, region, cards):
        region.fault("down", scope="mip")
        start(), work()
        assert start().pk == Reconciliation.objects.get().pk
        Reconciliation.objects.update(started_at=timezone.now() - dt.timedelta(hours=21))
        new = start()
        assert list(Reconciliation.objects.order_by("pk").values_list("stage", flat=True)) == ["failed", "asking"]
        assert new.pk == reconciliation.last(timezone.now()).pk


def test_the_findings_of_the_last_run_stay_and_the_counts_of_all(region, cards):
    lose(region, cards[0])
    first = reconciled()
    uploads.send_due(seconds=20)
    second = reconciled()
    assert [counts(run) for run in reconciliation.trend()] == [(1, 0, 0, 0), (0, 0, 0, 0)]
    assert [run.pk for run in reconciliation.trend(nights=1)] == [second.pk]
    assert not first.findings.exists()


def test_those_who_come_are_put_first_of_what_was_lost(region, cards, monkeypatch):
    lose(region, cards[0]), lose(region, cards[1])
    comes = lambda now, until: Patient.objects.filter(pk=cards[1].pk).values(patient_id=F("pk"))  # noqa: E731
    monkeypatch.setattr(concerned, "SOURCES", [comes])
    reconciled()
    assert concerned.count(now=timezone.now()) == 1
    concerned.put_first(now=timezone.now())
    assert uploads.claim(now=timezone.now(), limit=1).cards == [cards[1]]


@pytest.mark.parametrize(
    ("constraint", "model", "wrong"),
    [
        ("reconciliation_ended_or_not", Reconciliation, {"ended_at": None}),
        ("reconciliation_ended_or_not", Reconciliation, {"stage": "asking"}),
        ("reconciliation_held_until", Reconciliation, {"holder": uuid.uuid4()}),
        ("reconciliation_finding_known", ReconciliationFinding, {"card_id": None}),
        ("reconciliation_finding_known", ReconciliationFinding, {"kind": "unknown"}),
        ("reconciliation_finding_once", ReconciliationFinding, {"guid": uuid.UUID(int=7)}),
    ],
)
def test_the_database_insists(region, cards, constraint, model, wrong):
    lose(region, cards[0]), lose(region, cards[1])
    reconciled()
    with pytest.raises(IntegrityError, match=constraint):
        model.objects.update(**wrong)


def test_the_database_keeps_it_to_one_at_a_time(region):
    run = start()
    run.pk = None
    with pytest.raises(IntegrityError, match="reconciliation_one_at_a_time"):
        run.save(force_insert=True)


def test_the_sweep_asks_for_a_worker(cards, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.work_on_reconciliation, "apply_async", lambda **kwargs: asked.append(kwargs["queue"]))
    tasks.sweep_reconciliation()
    assert asked == []
    make_it_night()
    tasks.reconcile()
    tasks.sweep_reconciliation()
    assert asked == ["mip"]
    tasks.work_on_reconciliation()
    tasks.sweep_reconciliation()
    assert asked == ["mip"]


class TestCommand:
    def said(self, capsys, *arguments):
        call_command("reconcile_mip", *arguments)
        return capsys.readouterr().out

    def test_all_of_it(self, region, cards, capsys):
        lose(region, cards[0])
        said = self.said(capsys)
        assert "4 cards are held by the MIP" in said
        assert "1 missing there" in said
        assert str(cards[0].guid) in self.said(capsys, "--list", "missing")
        assert "1 missing, 0 older" in self.said(capsys, "--trend")

    def test_a_mip_that_fails(self, region, cards):
        region.fault("down", scope="mip")
        with pytest.raises(CommandError, match="connection_lost"):
            call_command("reconcile_mip")

    def test_without_a_mip(self, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        with pytest.raises(CommandError):
            call_command("reconcile_mip")
        make_it_night()
        tasks.reconcile()
        assert not Reconciliation.objects.exists()


def test_a_restored_database_is_mended_in_one_night(region, cards):
    """All of ours is older than what the MIP has, and one card that was made after the backup is gone here."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Patient.objects.update(version=1000, address="as it was")
        CardUpload.objects.update(accepted_version=1000)
        CardUpload.objects.filter(pk=cards[4].pk).delete()
        Patient.objects.filter(pk=cards[4].pk).delete()
    run = reconciled()
    assert counts(run) == (0, 0, 4, 1)
    assert uploads.send_due(seconds=20) == 4
    assert set(CardUpload.objects.values_list("state", flat=True)) == {"accepted"}
    held = {held_by(region, card) for card in cards[:4]}
    assert held == set(Patient.objects.values_list("version", flat=True))
    assert counts(reconciled()) == (0, 0, 0, 1)


def forget_the_sending(*cards):
    """Our database comes from a backup that was made before these cards were sent."""
    blank = dict.fromkeys(("sent_version", "accepted_version", "accepted_at", "last_attempt_at"))
    CardUpload.objects.filter(pk__in=[card.pk for card in cards]).update(state="waiting", **blank)


def leave(card, survivor, how):
    """Withdrawn, or merged into that one, before it is sent: as far as we know, nobody need be told."""
    Patient.objects.filter(pk=card.pk).update(state=how, merged_into=survivor if how == "merged" else None)
    assert CardUpload.objects.get(pk=card.pk).state == "not_needed"


def states_there(region):
    return dict(at_the_mip(region, "SELECT guid, state FROM cards"))


class TestWhoLeftAfterARestore:
    """We think that the MIP never had the card, and it holds it as one in use."""

    @pytest.fixture(params=["withdrawn", "merged"])
    def gone(self, region, cards, request):
        forget_the_sending(cards[0])
        leave(cards[0], cards[1], request.param)
        return Patient.objects.get(pk=cards[0].pk)

    def test_it_is_told_there(self, region, cards, gone):
        run = reconciled()
        assert (counts(run), run.sent_again) == ((0, 1, 0, 0), 1)
        found = findings.of(run=run, kind="older").get()
        assert (found.card_id, found.version_here, found.version_there) == (gone.pk, gone.version, cards[0].version)
        row = CardUpload.objects.get(pk=gone.pk)
        assert (row.state, row.priority, row.accepted_version) == ("waiting", 2, cards[0].version)
        assert uploads.send_due(seconds=20) == 1
        assert (held_by(region, gone), states_there(region)[str(gone.guid)]) == (gone.version, gone.state)
        assert counts(reconciled()) == (0, 0, 0, 0)

    def test_another_change_does_not_take_it_out_again(self, region, gone):
        reconciled()
        Patient.objects.filter(pk=gone.pk).update(phone="1")
        assert CardUpload.objects.get(pk=gone.pk).state == "waiting"
        assert uploads.send_due(seconds=20) == 1
        assert states_there(region)[str(gone.guid)] == gone.state

    def test_it_rises_above_what_is_newer_there(self, region, cards, gone):
        at_the_mip(region, "UPDATE cards SET version = ? WHERE guid = ?", gone.version + 9, str(gone.guid))
        run = reconciled()
        assert (counts(run), run.sent_again) == ((0, 0, 1, 0), 1)
        assert uploads.send_due(seconds=20) == 1
        assert (held_by(region, gone), states_there(region)[str(gone.guid)]) == (gone.version + 10, gone.state)
        assert counts(reconciled()) == (0, 0, 0, 0)

    def test_it_leaves_after_it_has_risen(self, region, cards):
        """Between the comparison and its turn."""
        forget_the_sending(cards[2])
        at_the_mip(region, "UPDATE cards SET version = version + 9 WHERE guid = ?", str(cards[2].guid))
        reconciled()
        Patient.objects.filter(pk=cards[2].pk).update(state="withdrawn")
        assert uploads.send_due(seconds=20) == 1
        assert states_there(region)[str(cards[2].guid)] == "withdrawn"

    def test_of_what_the_mip_never_had_it_is_not_told(self, region, cards, gone):
        lose(region, gone)
        run = reconciled()
        assert (counts(run), run.sent_again) == ((0, 0, 0, 0), 0)
        assert CardUpload.objects.get(pk=gone.pk).state == "not_needed"
        assert uploads.send_due(seconds=20) == 0

    def test_what_the_mip_holds_as_it_is_here_is_no_finding(self, region, gone):
        at_the_mip(region, "UPDATE cards SET version = ? WHERE guid = ?", gone.version, str(gone.guid))
        assert counts(reconciled()) == (0, 0, 0, 0)
