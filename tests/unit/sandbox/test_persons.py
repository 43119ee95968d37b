"""Whose card it is: polis or document the same, and nothing in names or birth date against it."""

from uuid import uuid4

import pytest

from tests.unit.sandbox.region import new_card, same_person


def persons(region, *cards):
    answers = [region.put(card) for card in cards]
    assert [answer.status_code for answer in answers] == [201] * len(cards)
    return [answer.json()["personGuid"] for answer in answers]


@pytest.fixture
def pair(lpu, other_lpu):
    """A card, and a maker of cards of the same person in another LPU."""
    card = new_card(lpu)
    return card, lambda **changes: same_person(card, other_lpu, **changes)


OTHER_DOCUMENT = {"series": "0000", "number": "000001"}


def test_the_same_polis_is_the_same_person_in_every_lpu(region, pair):
    card, again = pair
    first, second = persons(region, card, again(identityDocument=None))
    assert first == second


def test_the_same_document_is_the_same_person_when_the_polis_is_new(region, pair):
    card, again = pair
    first, second = persons(region, card, again(polis=new_card("")["polis"]))
    assert first == second


def test_the_document_needs_its_series_too(region, pair):
    card, again = pair
    document = {**card["identityDocument"], "series": "другая"}
    first, second = persons(region, card, again(polis=None, identityDocument=document))
    assert first != second


@pytest.mark.parametrize(
    ("series", "same"),
    [(("АБ", "АБ"), True), (("АБ", ""), True), (("", "аб"), True), (("АБ", "ВГ"), False)],
)
def test_the_series_of_a_polis_counts_when_both_have_one(region, pair, series, same):
    card, again = pair
    number = card["polis"]["number"][:9]
    one, two = ({"series": text, "number": number} for text in series)
    cards = {**card, "polis": one, "identityDocument": None}, again(polis=two, identityDocument=None)
    first, second = persons(region, *cards)
    assert (first == second) is same


@pytest.mark.parametrize("field", ["family", "name", "patronymic", "birthDate"])
def test_one_polis_and_contradicting_names_are_two_persons(region, pair, field):
    card, again = pair
    other = "1980-03-01" if field == "birthDate" else "Иная"
    first, second = persons(region, card, again(**{field: other}))
    assert first != second


def test_a_blank_name_contradicts_nothing(region, pair):
    card, again = pair
    blank = again(family="", name=None, patronymic=" ", birthDate="")
    first, second = persons(region, card, blank)
    assert first == second


def test_case_spaces_and_yo_are_no_contradiction(region, pair):
    card, again = pair
    first, second = persons(region, card, again(family=" ЕЛКИНА ", name="анна"))
    assert first == second


def test_blank_documents_are_not_the_same_document(region, lpu):
    blank = {"series": "", "number": " "}
    by_polis = persons(region, *(new_card(lpu, identityDocument=blank) for _ in range(3)))
    by_document = persons(region, *(new_card(lpu, polis=blank) for _ in range(3)))
    assert len(set(by_polis + by_document)) == 6


def test_a_person_stays_the_same_when_polis_document_and_name_change(region, lpu):
    card = new_card(lpu)
    (person,) = persons(region, card)
    other = new_card(lpu)
    new = {"polis": other["polis"], "identityDocument": other["identityDocument"], "family": "Соколова"}
    assert region.put({**card, **new}, version=2).json()["personGuid"] == person


def test_a_corrected_polis_brings_the_card_to_its_person(region, pair):
    card, again = pair
    typo = again(polis=new_card("")["polis"], identityDocument=None)
    first, second = persons(region, card, typo)
    assert first != second
    assert region.put(typo, version=2, polis=card["polis"]).json()["personGuid"] == first


def test_the_polis_says_more_than_the_document(region, lpu, other_lpu):
    older, card = new_card(lpu), new_card(lpu)
    first, second = persons(region, older, card)
    both = same_person(card, other_lpu, identityDocument=older["identityDocument"])
    assert persons(region, both) == [second]
    assert first != second


def test_a_card_between_two_persons_stays_with_its_own(region, pair):
    card, again = pair
    mine, other = again(), new_card(str(uuid4()))
    person, _, another = persons(region, card, mine, other)
    assert another != person
    assert region.put(mine, version=2, polis=other["polis"]).json()["personGuid"] == person


def test_a_merged_card_is_its_survivors_person(region, lpu):
    survivor, loser = new_card(lpu), new_card(lpu)
    first, second = persons(region, survivor, loser)
    assert first != second
    merged = region.put(loser, version=2, state="merged", mergedInto=survivor["guid"])
    assert merged.json()["personGuid"] == first


def test_persons_are_found_by_polis_and_birthday(region, pair):
    card, again = pair
    second = again()
    (person, _) = persons(region, card, second)
    query = {"n_pol": card["polis"]["number"]}
    found = region.client.get("/mip/persons", params=query).json()["items"]
    assert [item["personGuid"] for item in found] == [person]
    assert [item["guid"] for item in found[0]["cards"]] == [card["guid"], second["guid"]]
    assert found[0]["cards"][0] == {
        "guid": card["guid"],
        "lpuGuid": card["lpuGuid"],
        "state": "active",
        "version": 1,
        "mergedInto": None,
    }
    right = region.client.get("/mip/persons", params={**query, "Birthday": "1980-02-29"})
    wrong = region.client.get("/mip/persons", params={**query, "Birthday": "1980-02-28"})
    assert (len(right.json()["items"]), wrong.json()["items"]) == (1, [])


def test_a_birthday_known_from_one_card_counts_for_the_person(region, pair):
    card, again = pair
    persons(region, {**card, "birthDate": ""}, again())
    query = {"n_pol": card["polis"]["number"], "Birthday": "1999-01-01"}
    assert region.client.get("/mip/persons", params=query).json()["items"] == []


def test_persons_needs_a_polis_and_a_well_formed_day(region):
    assert region.client.get("/mip/persons").status_code == 400
    malformed = {"n_pol": "1", "Birthday": "01.01.1980"}
    assert region.client.get("/mip/persons", params=malformed).json()["errors"][0]["field"] == "Birthday"
    assert region.client.get("/mip/persons", params={"n_pol": "1"}, auth=("a", "b")).status_code == 401
