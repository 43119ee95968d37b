"""`GET /mip/stats`: what a test needs to say that no card was taken twice with one version."""

from uuid import uuid4

import httpx

from tests.unit.sandbox.region import new_card, same_person


def test_each_upload_is_counted_once_by_what_became_of_it(region, lpu):
    card = new_card(lpu, version=5)
    region.put(card)
    region.put(card, version=6)
    region.put(card, version=6)
    region.put(card, version=6)
    region.put(card, version=6, phone="7")
    region.put(card, version=2)
    region.put(same_person(card, lpu))
    region.put(new_card(lpu, sex="?"))
    region.put(new_card(lpu, snils="112-233-445 96"))
    region.put(new_card(lpu))
    region.put(same_person(card, lpu, state="withdrawn"))
    assert region.stats(lpu) == {
        "cards": 3,
        "active": 2,
        "merged": 0,
        "withdrawn": 1,
        "persons": 2,
        "accepted": 4,
        "replays": 2,
        "mismatched": 1,
        "stale": 1,
        "duplicates": 1,
        "rejected": 2,
    }


def test_totals_are_over_all_lpus_and_a_person_counts_once(region, lpu, other_lpu):
    before = region.client.get("/mip/stats").json()
    card = new_card(lpu)
    region.put(card)
    region.put(same_person(card, other_lpu))
    after = region.client.get("/mip/stats").json()
    grown = {name: after[name] - before[name] for name in ("cards", "persons", "accepted", "rejected")}
    assert grown == {"cards": 2, "persons": 1, "accepted": 2, "rejected": 0}
    assert after["lpus"][lpu]["persons"] == after["lpus"][other_lpu]["persons"] == 1


def test_an_upload_without_a_readable_lpu_is_counted_under_none(region):
    before = region.stats("").get("rejected", 0)
    region.client.put(f"/mip/mkab/{uuid4()}", content=b"{")
    region.put(new_card("no guid"))
    assert region.stats("")["rejected"] == before + 2


def test_numbers_need_no_credentials(region):
    assert httpx.get(f"{region.url}/mip/stats").status_code == 200
