"""`sandbox.central.Poller`: the cache of a central service, against a clinic on real HTTP."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest

from sandbox.central import Poller
from tests.unit.sandbox.clinic import open_clinic, resource, slot


@pytest.fixture
def clinic_and_url():
    with open_clinic() as opened:
        yield opened


@pytest.fixture
def clinic(clinic_and_url):
    return clinic_and_url[0]


@pytest.fixture
def poller(clinic_and_url, clinic):
    clinic.resources = {"d1": resource("d1"), "d2": resource("d2")}
    clinic.put(slot("s1", "d1"), slot("s2", "d1", free=0), slot("s3", "d2", free=3))
    poller = Poller(clinic_and_url[1] + "/", "central", "secret")
    yield poller
    poller.client.close()


def free(poller):
    return {item["guid"]: item["free"] for item in poller.belief.free(datetime.now(UTC))}


def test_the_first_poll_asks_for_everything(poller, clinic):
    outcome = poller.poll()
    assert (outcome.resources, outcome.schedule, outcome.full, outcome.received) == (200, 200, True, 3)
    assert outcome.error == ""
    assert free(poller) == {"s1": 1, "s3": 3}
    assert set(poller.belief.resources) == {"d1", "d2"}
    assert clinic.asked == [("/api/resources", {}, None), ("/api/schedule", {}, None)]


def test_an_unchanged_clinic_answers_304_and_the_cache_stays(poller):
    poller.poll()
    believed = poller.belief
    outcome = poller.poll()
    assert (outcome.resources, outcome.schedule, outcome.full, outcome.error) == (304, 304, None, "")
    assert poller.belief == believed


def test_changes_go_over_what_was_known(poller, clinic):
    poller.poll()
    clinic.put(slot("s1", "d1", free=0), slot("s4", "d2"))
    outcome = poller.poll()
    assert clinic.asked[-1][1] == {"changedSince": "a-1"}
    assert (outcome.full, outcome.received) == (False, 2)
    assert free(poller) == {"s3": 3, "s4": 1}
    assert poller.belief.revision == "a-2"
    assert poller.poll().schedule == 304


def test_a_full_answer_replaces_the_window(poller, clinic):
    poller.poll()
    clinic.epoch, clinic.slots = "b", {}
    clinic.put(slot("s9", "d1"))
    outcome = poller.poll()
    assert (outcome.full, outcome.received) == (True, 1)
    assert free(poller) == {"s9": 1}


def test_a_slot_that_has_begun_is_not_free_though_nobody_said_so(poller, clinic):
    clinic.put(slot("s5", "d1", hours=-0.01))
    poller.poll()
    assert "s5" not in free(poller)
    assert "s5" in {item["guid"] for item in poller.belief.free(datetime.now(UTC) - timedelta(hours=1))}


def test_resources_that_changed_replace_those_known(poller, clinic):
    poller.poll()
    clinic.resources = {"d2": resource("d2", "Новикова")}
    assert poller.poll().resources == 200
    assert poller.belief.resources == clinic.resources


def test_days_and_filters_are_asked_for(clinic_and_url, clinic):
    poller = Poller(clinic_and_url[1], "central", "secret", filters={"lpu": "l"})
    poller.poll(date(2026, 4, 21), date(2026, 4, 30))
    assert clinic.asked[-1][1] == {"lpu": "l", "dateFrom": "2026-04-21", "dateTo": "2026-04-30"}


def test_a_day_that_has_left_the_window_leaves_the_cache(poller, clinic):
    clinic.put(slot("s5", "d1", hours=48), slot("s6", "d1", hours=96))
    today = datetime.now(UTC).date()
    poller.poll(today - timedelta(days=1), today + timedelta(days=9))
    assert set(poller.belief.slots) == {"s1", "s2", "s3", "s5", "s6"}
    clinic.put(slot("s7", "d1", hours=49))
    outcome = poller.poll(today + timedelta(days=2), today + timedelta(days=3))
    assert outcome.full is False
    assert set(poller.belief.slots) == {"s5", "s7"}


def test_forgetting_asks_for_everything_again(poller, clinic):
    poller.poll()
    poller.forget()
    assert free(poller) == {}
    assert poller.poll().full is True
    assert clinic.asked[-1] == ("/api/schedule", {}, None)


@pytest.mark.parametrize("path", ["/api/resources", "/api/schedule"])
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_is_told_and_the_cache_stays(poller, clinic, path, status):
    poller.poll()
    believed = poller.belief
    clinic.forced = {path: (status, {"code": status})}
    clinic.put(slot("s1", "d1", free=0))
    outcome = poller.poll()
    assert str(status) in outcome.error
    assert status in (outcome.resources, outcome.schedule)
    assert poller.belief == believed
    clinic.forced = {}
    assert poller.poll().error == ""
    assert free(poller) == {"s3": 3}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        [],
        {"items": {}},
        {"items": []},
        {"items": [], "full": True},
        {"items": [], "full": "yes", "revision": "a-9"},
        {"items": [1], "full": True, "revision": "a-9"},
        {"items": [{"begin": "2026-04-21T09:00:00+03:00", "free": 1}], "full": True, "revision": "a-9"},
        {"items": [{"guid": "x", "begin": "2026-04-21T09:00:00", "free": 1}], "full": True, "revision": "a-9"},
        {"items": [{"guid": "x", "begin": "soon", "free": 1}], "full": True, "revision": "a-9"},
        {"items": [{"guid": "x", "begin": "2026-04-21T09:00:00+03:00"}], "full": True, "revision": "a-9"},
    ],
)
def test_an_answer_outside_the_contract_is_told_and_the_cache_stays(poller, clinic, body):
    poller.poll()
    believed = poller.belief
    clinic.forced = {"/api/schedule": (200, body)}
    outcome = poller.poll()
    assert outcome.error
    assert poller.belief == believed


def test_wrong_credentials_are_told(clinic_and_url):
    outcome = Poller(clinic_and_url[1], "central", "wrong").poll()
    assert (outcome.resources, outcome.schedule, outcome.error) == (401, 0, "resources answered 401")


def test_nobody_there_is_told():
    with open_clinic() as (_, url):
        pass
    poller = Poller(url, "central", "secret")
    outcome = poller.poll()
    assert (outcome.resources, outcome.schedule) == (0, 0)
    assert outcome.error.startswith("no answer")
    assert (poller.polls, poller.last) == (1, outcome)


def test_polls_at_once_take_turns_and_miss_nothing(poller, clinic):
    threads = [Thread(target=poller.poll) for _ in range(8)]
    for number, thread in enumerate(threads):
        clinic.put(slot(f"t{number}", "d1"))
        thread.start()
    for thread in threads:
        thread.join()
    poller.poll()
    assert set(poller.belief.slots) == set(clinic.slots)
    assert poller.polls == 9
