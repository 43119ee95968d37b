"""The other side in trouble: nothing is lost, nothing is done twice that was answered."""

from uuid import uuid4

import pytest

from tests.demo import IN_ORDER, until
from tests.faults.conftest import a_system
from tests.faults.system import kill

pytestmark = pytest.mark.faults
CARDS = 60


@pytest.fixture(scope="module")
def one_system(data_dir, tmp_path_factory):
    """Starting processes takes longer than all they do here: these tests share them."""
    with a_system(data_dir, tmp_path_factory.mktemp("region"), timeout=1) as found:
        found.worker(), found.beat()
        yield found


@pytest.fixture
def running(one_system):
    """Worker and beat are there, and nothing to do; a new LPU, so that the region counts anew."""
    one_system.region.fault("ok")
    one_system.lpu = str(uuid4())
    one_system.empty()
    return one_system


def gate(system):
    """Why it is shut; None while it is open."""
    return next(iter(system.rows("SELECT kind FROM patients_mipgate WHERE closed_until IS NOT NULL")), [None])[0]


def test_it_is_down_for_a_long_time(running):
    running.region.fault("down")
    running.cards(CARDS)
    until(lambda: gate(running) == "outage", "the gate is not shut")
    until(lambda: not running.claimed(), "somebody still sends")
    assert set(running.states()) <= {"waiting", "retry"}
    reasons = running.rows("SELECT DISTINCT error_code FROM patients_cardupload WHERE state = 'retry'")
    assert reasons == [("connection_lost",)]
    for process in running.processes:
        kill(process)
    running.cards(CARDS)
    running.region.fault("ok")
    running.time_passes()
    running.worker(), running.beat()
    running.settle(hurry=True)
    assert gate(running) is None
    running.check(accepted=2 * CARDS)


def test_it_is_slow(running):
    """Too slow for some: the MIP does the work after we have given up, and hears of the card again."""
    running.region.fault("slow", delay=1.6, rate=0.1)
    running.cards(CARDS)
    running.settle(hurry=True)
    late = running.rows("SELECT count(*) FROM patients_uploadattempt WHERE code = 'timeout'")[0][0]
    running.check(accepted=CARDS, lost=range(late + 1))


def test_it_drops_the_connection_after_doing_the_work(running):
    running.region.fault("lost_answer", rate=0.3)
    running.cards(CARDS)
    until(lambda: running.hits() > 3, "the switch met nothing")
    running.settle(hurry=True)
    lost = running.rows("SELECT count(*) FROM patients_uploadattempt WHERE code = 'connection_lost'")[0][0]
    assert lost > 3
    running.check(accepted=CARDS, lost=lost)


def test_it_throttles(running):
    # Which requests are hit is drawn by lot: none of these cards would be once in thirty million runs.
    running.region.fault("throttle", rate=0.25, delay=1)
    running.cards(CARDS)
    running.settle(hurry=True)
    asked = running.rows("SELECT count(*) FROM patients_uploadattempt WHERE code = 'http_429'")[0][0]
    assert asked == running.hits() > 0
    running.check(accepted=CARDS)


def test_it_rejects_a_third(running):
    running.region.fault("reject", rate=0.33)
    running.cards(CARDS)
    running.settle()
    rejected = running.states()["rejected"]
    assert 0 < rejected < CARDS
    blamed = "SELECT DISTINCT error_code, error_field FROM patients_cardupload WHERE state = 'rejected'"
    assert running.rows(blamed) == [("rejected", "family")]
    running.check(accepted=CARDS - rejected, rejected=rejected)
    running.region.fault("ok")
    running.rows(
        "UPDATE patients_patient SET phone = '1' WHERE id IN (SELECT patient_id FROM patients_cardupload"
        " WHERE state = 'rejected')"
    )
    running.settle()
    running.check(accepted=CARDS)


def test_all_of_it_by_turns(running):
    """Whatever it does, in the end the MIP has every card, in our version."""
    running.cards(CARDS)
    for mode, options in (("flaky", {"rate": 0.5}), ("lost_answer", {"rate": 0.2}), ("slow", {"delay": 0.3})):
        running.region.fault(mode, **options)
        running.rows(f"UPDATE patients_patient p SET phone = %s {IN_ORDER}", mode)
        # Hours go by while nothing moves: else the shut gate waits longer than this test.
        until(lambda: running.hits() > 5 or running.time_passes(), "the switch met nothing")
        running.time_passes()
    running.region.fault("ok")
    running.settle(hurry=True)
    assert set(running.states()) == {"accepted"}
    assert running.there() == dict(running.rows("SELECT guid::text, version FROM patients_patient"))
    assert running.region.stats(running.lpu)["mismatched"] == 0


def test_a_wrong_password_stops_all_at_one_card(running):
    running.region.fault("unauthorized")
    running.cards(CARDS)
    until(lambda: gate(running) == "credentials", "the gate is not shut")
    until(lambda: not running.claimed(), "somebody still sends")
    assert set(running.states()) <= {"waiting", "retry"}
    running.region.fault("ok")
    running.settle(hurry=True)
    running.check(accepted=CARDS)
