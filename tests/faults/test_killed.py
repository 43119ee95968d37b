"""`kill -9` of each process at each step; the step is made certain by the MIP or by a lock, never by a sleep."""

import psutil
import pytest

from tests.demo import until
from tests.faults.system import kill

pytestmark = pytest.mark.faults
CARDS = 40
FOR_EVER = 600


class TestTheWorker:
    """Its claims run out, and another one sends the same versions again."""

    @pytest.fixture
    def timeout(self):
        return FOR_EVER

    def test_after_the_claim(self, system):
        """The MIP has been asked, and has done nothing yet."""
        system.region.fault("slow", delay=FOR_EVER)
        system.cards(CARDS)
        worker = system.worker()
        system.beat()
        until(lambda: system.hits() and system.claimed() == CARDS, "nothing was claimed")
        kill(worker)
        assert system.region.stats(system.lpu).get("cards", 0) == 0
        system.region.fault("ok")
        self.go_on(system)
        system.check(accepted=CARDS, lost=0)

    def test_after_sending(self, system):
        """The MIP has taken cards, and nobody has heard of it."""
        system.region.fault("late_answer", delay=FOR_EVER)
        system.cards(CARDS)
        worker = system.worker()
        system.beat()
        taken = until(lambda: system.region.stats(system.lpu).get("cards"), "nothing was sent")
        kill(worker)
        assert system.claimed() == CARDS
        taken = system.region.stats(system.lpu)["cards"]
        assert 0 < taken <= CARDS
        system.region.fault("ok")
        self.go_on(system)
        system.check(accepted=CARDS, lost=taken)

    def test_before_the_outcome_is_written(self, system):
        """The answers are there, and the transaction that writes them down has begun."""
        system.cards(CARDS)
        with system.cards_locked():
            worker = system.worker()
            system.beat()
            until(lambda: system.waits_for("patients_patient%FOR NO KEY UPDATE"), "no answer came to be written")
            kill(worker)
            taken = system.region.stats(system.lpu)["cards"]
        assert system.claimed() == CARDS
        self.go_on(system)
        system.check(accepted=CARDS, lost=taken)

    def test_one_of_its_processes(self, system):
        """As when memory runs out: the worker itself lives and starts another."""
        system.region.fault("late_answer", delay=FOR_EVER)
        system.cards(CARDS)
        worker = system.worker()
        system.beat()
        until(lambda: system.region.stats(system.lpu).get("cards"), "nothing was sent")
        for child in psutil.Process(worker.pid).children():
            child.kill()
        taken = system.region.stats(system.lpu)["cards"]
        system.region.fault("ok")
        system.time_passes()
        system.settle()
        system.check(accepted=CARDS, lost=taken)
        assert worker.poll() is None

    def test_during_a_backfill(self, system):
        """It goes on where it was, when all processes are new."""
        system.cards(CARDS)
        worker, beat = system.worker(), system.beat()
        system.settle()
        system.region.fault("slow", delay=FOR_EVER)
        system.run("upload_cards", "--all", "--no-wait")
        until(system.claimed, "the backfill did not begin")
        kill(beat), kill(worker)
        system.region.fault("ok")
        self.go_on(system)
        system.beat()
        until(lambda: "(100 %), done" in system.run("upload_cards", "--no-wait"), "the backfill does not end")
        assert system.states() == {"accepted": CARDS}
        assert system.region.stats(system.lpu)["replays"] == CARDS

    def go_on(self, system):
        """Another worker; the dead one's claims have run out."""
        system.time_passes()
        system.worker()
        if not any(process.poll() is None and "beat" in process.args for process in system.processes):
            system.beat()
        system.settle()


def test_beat(system):
    """Cards that came while nobody asked for senders."""
    system.worker()
    beat = system.beat()
    system.cards(CARDS)
    system.settle()
    kill(beat)
    system.cards(CARDS)
    system.beat()
    system.settle()
    system.check(accepted=2 * CARDS)


def test_redis_with_its_data(system):
    """Tasks that were queued are gone, and the cards are not: beat asks again."""
    system.region.fault("slow", delay=0.2)
    system.cards(CARDS)
    system.worker(), system.beat()
    until(lambda: system.hits(), "nothing was sent")
    system.kill_redis()
    system.cards(CARDS)
    system.settle()
    system.check(accepted=2 * CARDS)


def test_redis_while_worker_and_beat_are_away(system):
    """Everything that was told to the broker is lost, and those to whom it was told are dead."""
    system.region.fault("slow", delay=0.5)
    system.cards(CARDS)
    worker, beat = system.worker(), system.beat()
    until(lambda: system.hits(), "nothing was sent")
    kill(worker), kill(beat)
    system.kill_redis()
    taken = system.region.stats(system.lpu).get("cards", 0)
    system.region.fault("ok")
    system.time_passes()
    system.worker(), system.beat()
    system.settle()
    system.check(accepted=CARDS, lost=range(taken, CARDS + 1))


def test_postgres_is_restarted(system):
    """Worker and beat live on, and find it again; what was answered meanwhile may not have been written."""
    system.region.fault("slow", delay=0.2)
    system.cards(CARDS)
    worker, beat = system.worker(), system.beat()
    until(lambda: system.hits(), "nothing was sent")
    system.restart_postgres()
    system.cards(CARDS)
    system.region.fault("ok")
    system.settle()
    assert (worker.poll(), beat.poll()) == (None, None)
    system.check(accepted=2 * CARDS, lost=range(CARDS + 1))


def test_two_sweepers_and_two_workers_at_once(system):
    """Everything twice: each card is sent once."""
    system.region.fault("slow", delay=0.05)
    system.cards(5 * CARDS)
    for _ in range(2):
        system.worker(), system.beat()
    system.settle()
    system.check(accepted=5 * CARDS)


def test_the_mip_itself(system):
    """Nobody listens there, not even a connection is had; then it is back with its data."""
    system.cards(CARDS)
    kill(system.region.process)
    system.worker(), system.beat()
    shut = "SELECT 1 FROM patients_mipgate WHERE kind = 'outage' AND closed_until IS NOT NULL"
    until(lambda: system.rows(shut), "the gate is not shut")
    until(lambda: not system.claimed(), "somebody still sends")
    reasons = "SELECT DISTINCT state, error_code FROM patients_cardupload WHERE state <> 'waiting'"
    assert system.rows(reasons) == [("retry", "no_connection")]
    system.region_again()
    system.settle(hurry=True)
    system.check(accepted=CARDS)
