"""`/poll` and the page for people, of a sandbox that polls a clinic on real HTTP."""

import re

import pytest

from tests.unit.sandbox.clinic import open_clinic, resource, slot
from tests.unit.sandbox.region import new_card, running


@pytest.fixture(scope="module")
def clinic_and_region():
    with open_clinic() as (clinic, url):
        options = ("--lmis-url", url, "--lmis-login", "central", "--lmis-secret", "secret")
        with running(*options) as region:
            yield clinic, region


@pytest.fixture
def clinic(clinic_and_region):
    clinic = clinic_and_region[0]
    clinic.epoch += "a"  # whatever is cached is worth nothing now
    clinic.slots, clinic.forced, clinic.asked = {}, {}, []
    clinic.resources = {"d1": resource("d1"), "d2": resource("d2", "<Новикова>")}
    clinic.put(slot("s2", "d1", hours=2), slot("s1", "d1"), slot("s3", "d1", free=0), slot("s4", "d9", free=3))
    return clinic


@pytest.fixture
def polling(clinic_and_region):
    return clinic_and_region[1]


def test_before_the_first_poll_nothing_is_believed():
    with running("--lmis-url", "http://127.0.0.1:9/<b>") as region:
        told = region.client.get("/poll").json()
        page = region.client.get("/").text
    assert (told["polls"], told["lastPoll"], told["free"], told["items"]) == (0, None, 0, [])
    assert "Ещё ни разу не опрашивал" in page
    assert "http://127.0.0.1:9/&lt;b&gt;" in page


def test_a_poll_shows_what_is_free_by_resource_in_order_of_time(polling, clinic):
    told = polling.client.post("/poll").json()
    assert told == {**polling.client.get("/poll").json(), "lastPoll": told["lastPoll"]}
    counts = [told[name] for name in ("resources", "slots", "freeSlots", "free")]
    assert counts == [2, 4, 3, 5]
    assert told["revision"] == f"{clinic.epoch}-{clinic.revision}"
    assert told["lastPoll"]["status"]["schedule"] == 200
    assert (told["lastPoll"]["full"], told["lastPoll"]["received"], told["lastPoll"]["error"]) == (True, 4, "")
    shown = {item["resource"]["guid"]: [s["guid"] for s in item["slots"]] for item in told["items"]}
    assert shown == {"d1": ["s1", "s2"], "d2": [], "d9": ["s4"]}
    assert told["items"][0]["resource"] == clinic.resources["d1"]


def test_all_shows_what_is_not_free_too(polling, clinic):
    polling.client.post("/poll")
    told = polling.client.get("/poll", params={"all": "true"}).json()
    assert sum(len(item["slots"]) for item in told["items"]) == 4


def test_polling_again_gets_304_then_only_changes(polling, clinic):
    polling.client.post("/poll")
    assert polling.client.post("/poll").json()["lastPoll"]["status"] == {"resources": 304, "schedule": 304}
    assert "ничего не изменилось" in polling.client.get("/").text
    clinic.put(slot("s1", "d1", free=0))
    told = polling.client.post("/poll").json()
    assert (told["lastPoll"]["full"], told["lastPoll"]["received"], told["free"]) == (False, 1, 4)
    assert "только изменения" in polling.client.get("/").text


def test_days_can_be_asked_for(polling, clinic):
    polling.client.post("/poll", json={"dateFrom": "2026-04-21", "dateTo": "2026-04-22"})
    asked = clinic.asked[-1][1]
    assert (asked["dateFrom"], asked["dateTo"]) == ("2026-04-21", "2026-04-22")


@pytest.mark.parametrize("day", ["21.04.2026", 5, "2026-02-30", ""])
def test_a_malformed_day_is_named_and_nobody_is_asked(polling, clinic, day):
    answer = polling.client.post("/poll", json={"dateTo": day})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dateTo")
    assert clinic.asked == []


def test_a_clinic_that_fails_is_told_and_what_was_believed_stays(polling, clinic):
    polling.client.post("/poll")
    clinic.forced = {"/api/schedule": (503, {})}
    answer = polling.client.post("/poll")
    assert answer.status_code == 200
    assert answer.json()["lastPoll"]["error"] == "schedule answered 503"
    assert answer.json()["free"] == 5
    assert "не удался" in polling.client.get("/").text


def test_the_page_says_in_plain_words_what_the_box_holds(polling, clinic, lpu, other_lpu):
    for card in (new_card(lpu), new_card(lpu, state="withdrawn"), new_card(other_lpu)):
        polling.put(card)
    polling.client.post("/poll")
    polling.fault("throttle", rate=0.5)
    answer = polling.client.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))
    assert "Карт: 3 (действующих 2, объединённых 0, отозванных 1). Людей: 3." in text
    assert "просит подождать: 429" in text
    assert "Доля запросов: 50%" in text
    assert "врачей: 2, ячеек расписания: 4, из них свободных: 3" in text
    polling.fault("ok")
    assert "работает как положено" in polling.client.get("/").text


def test_the_page_needs_no_other_host_and_shows_no_person(polling, clinic, lpu):
    card = new_card(lpu, family="Неразглашаева")
    polling.put(card)
    page = polling.client.get("/").text
    assert not re.search(r"(src|href|@import|url\()\s*=?\s*[\"']?(https?:)?//", page)
    assert "Неразглашаева" not in page
    assert card["polis"]["number"] not in page
