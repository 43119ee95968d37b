"""`GET /mip/mkab?lpuGuid=…&after=…`: what the MIP holds of one LPU, in pages by key."""

from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.region import new_card


def pages(region, lpu, limit):
    after, found = None, []
    while True:
        query = {"lpuGuid": lpu, "limit": limit} | ({"after": after} if after else {})
        answer = region.client.get("/mip/mkab", params=query).json()
        found.append(answer["items"])
        after = answer["next"]
        if after is None:
            return found


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 6), (4, [4, 2]), (6, [6]), (1000, [6])])
def test_every_card_of_the_lpu_comes_once_whatever_its_state(region, lpu, other_lpu, limit, sizes):
    cards = [new_card(lpu, version=n) for n in range(1, 6)]
    cards.append(new_card(lpu, version=6, state="withdrawn"))
    for card in [*cards, new_card(other_lpu)]:
        assert region.put(card).status_code == 201
    found = pages(region, lpu, limit)
    assert [len(page) for page in found] == sizes
    expected = sorted(({"guid": c["guid"], "version": c["version"]} for c in cards), key=lambda c: c["guid"])
    assert [item for page in found for item in page] == expected


def test_a_card_that_arrives_between_two_pages_hides_none(region, lpu):
    cards = sorted((new_card(lpu) for _ in range(4)), key=lambda card: card["guid"])
    first, *others = cards
    for card in others:
        region.put(card)
    page = region.client.get("/mip/mkab", params={"lpuGuid": lpu, "limit": 1}).json()
    region.put(first)
    rest = region.client.get("/mip/mkab", params={"lpuGuid": lpu, "after": page["next"].upper()}).json()
    assert [item["guid"] for item in page["items"] + rest["items"]] == [card["guid"] for card in others]


def test_an_lpu_that_sent_nothing(region):
    answer = region.client.get("/mip/mkab", params={"lpuGuid": str(uuid4()).upper()})
    assert answer.json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "lpuGuid"),
        ({"lpuGuid": "x"}, "lpuGuid"),
        ({"lpuGuid": str(uuid4()), "after": "x"}, "after"),
        ({"lpuGuid": str(uuid4()), "limit": "0"}, "limit"),
        ({"lpuGuid": str(uuid4()), "limit": "1001"}, "limit"),
        ({"lpuGuid": str(uuid4()), "limit": "²"}, "limit"),
    ],
)
def test_malformed_questions_are_named(region, query, field):
    answer = region.client.get("/mip/mkab", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_credentials_are_needed(region, lpu):
    assert httpx.get(f"{region.url}/mip/mkab", params={"lpuGuid": lpu}).status_code == 401
