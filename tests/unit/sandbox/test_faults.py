"""`/faults`: the region misbehaving on purpose."""

import time

import httpx
import pytest

from tests.unit.sandbox.region import AUTH, new_card

CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


def held(region, card):
    answer = region.client.get(f"/mip/mkab/{card['guid']}")
    return answer.json() if answer.status_code == 200 else None


def test_down_cuts_the_connection_and_does_nothing(region, lpu):
    card = new_card(lpu)
    assert region.fault("down").status_code == 200
    with pytest.raises(CUT_OFF):
        region.put(card)
    assert held(region, card) is None
    region.fault("ok")
    assert region.put(card).status_code == 201


def test_lost_answer_does_the_work_and_sends_no_byte(region, lpu):
    card = new_card(lpu)
    region.fault("lost_answer")
    with pytest.raises(CUT_OFF):
        region.put(card)
    assert held(region, card)["version"] == 1
    with pytest.raises(CUT_OFF):
        region.put(card)
    region.fault("ok")
    assert region.put(card).status_code == 200
    stats = region.stats(lpu)
    assert (stats["accepted"], stats["replays"]) == (1, 2)


def test_late_answer_does_the_work_at_once(region, lpu):
    card = new_card(lpu)
    region.fault("late_answer", delay=30)
    with pytest.raises(httpx.ReadTimeout):
        httpx.put(f"{region.url}/mip/mkab/{card['guid']}", json=card, auth=AUTH, timeout=0.3)
    assert held(region, card)["version"] == 1
    region.fault("late_answer", delay=0.2)
    begun = time.monotonic()
    assert region.put(card).json()["version"] == 1
    assert time.monotonic() - begun >= 0.2


def test_slow_waits_and_then_works_while_others_are_served(region, lpu):
    card = new_card(lpu)
    region.fault("slow", delay=0.5)
    begun = time.monotonic()
    assert region.put(card).status_code == 201
    assert time.monotonic() - begun >= 0.5
    assert held(region, card)["version"] == 1


def test_a_caller_who_does_not_wait_long_enough_gives_up(region, lpu):
    card = new_card(lpu)
    region.fault("slow", delay=5)
    with pytest.raises(httpx.ReadTimeout):
        httpx.put(f"{region.url}/mip/mkab/{card['guid']}", json=card, auth=AUTH, timeout=0.3)


def test_throttle_is_429_with_retry_after_in_whole_seconds(region, lpu):
    card = new_card(lpu)
    region.fault("throttle", delay=2.4)
    answer = region.put(card)
    assert (answer.status_code, answer.json()["message_code"]) == (429, "throttled")
    assert answer.headers["Retry-After"] == "3"
    assert held(region, card) is None


def test_reject_is_422_with_an_envelope(region, lpu):
    card = new_card(lpu)
    region.fault("reject")
    answer = region.put(card)
    assert (answer.status_code, answer.json()["code"]) == (422, 422)
    assert answer.json()["message_code"] == "rejected"
    assert answer.json()["message"]
    assert held(region, card) is None


def test_unauthorized_refuses_right_credentials(region, lpu):
    card = new_card(lpu)
    region.fault("unauthorized")
    answer = region.put(card)
    assert (answer.status_code, answer.json()["message_code"]) == (401, "unauthorized")
    assert held(region, card) is None


def test_flaky_fails_in_three_ways_and_works_between(region, lpu):
    region.fault("flaky", rate=0.5)
    seen = set()
    for _ in range(200):
        try:
            seen.add(region.put(new_card(lpu)).status_code)
        except CUT_OFF:
            seen.add("cut off")
    assert seen == {201, 500, 503, "cut off"}
    hits = region.client.get("/faults").json()["hits"]
    assert region.stats(lpu)["accepted"] == 200 - hits


def test_the_rate_is_a_share_of_the_uploads_for_every_mode(region, lpu):
    region.fault("throttle", rate=0)
    assert region.put(new_card(lpu)).status_code == 201
    region.fault("throttle", rate=0.5)
    statuses = [region.put(new_card(lpu)).status_code for _ in range(100)]
    assert set(statuses) == {201, 429}


def test_only_uploads_are_concerned_unless_reading_is_asked_for_too(region, lpu):
    card = new_card(lpu)
    region.put(card)
    query = {"lpuGuid": lpu}
    region.fault("throttle")
    assert region.client.get("/mip/mkab", params=query).status_code == 200
    region.fault("throttle", scope="mip")
    assert region.client.get("/mip/mkab", params=query).status_code == 429
    region.fault("down", scope="mip")
    with pytest.raises(CUT_OFF):
        region.client.get("/mip/mkab", params=query)
    assert region.client.get("/mip/stats").status_code == 200
    assert region.token(mkab=card["guid"]).status_code == 200


def test_the_switch_tells_how_it_stands_and_what_it_hit(region, lpu):
    assert region.client.get("/faults").json() == {
        "mode": "ok",
        "rate": 1.0,
        "delay": 2.0,
        "scope": "uploads",
        "hits": 0,
    }
    assert region.fault("flaky").json()["rate"] == 0.3
    region.fault("reject", delay=1)
    region.put(new_card(lpu))
    told = region.client.get("/faults").json()
    assert (told["mode"], told["rate"], told["delay"], told["hits"]) == ("reject", 1.0, 1.0, 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "mode"),
        ({"mode": "exploded"}, "mode"),
        ({"mode": ["ok"]}, "mode"),
        ({"mode": "slow", "rate": 1.5}, "rate"),
        ({"mode": "slow", "rate": True}, "rate"),
        ({"mode": "slow", "delay": -1}, "delay"),
        ({"mode": "slow", "delay": "2"}, "delay"),
        ({"mode": "slow", "scope": "all"}, "scope"),
    ],
)
def test_a_malformed_switch_is_refused_and_stays_as_it_was(region, body, field):
    region.fault("reject")
    answer = region.client.post("/faults", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert region.client.get("/faults").json()["mode"] == "reject"
