"""`GET /auth/cod/token`: a patient token for whom the MIP knows (contract §2.1)."""

import time
import warnings

import jwt
import pytest

from tests.unit.sandbox.region import TOKEN_SECRET, new_card, same_person


def claims(answer, **options):
    assert answer.status_code == 200, answer.text
    return jwt.decode(answer.json()["token"], TOKEN_SECRET, algorithms=["HS256"], **options)


def test_a_token_names_the_person_and_every_active_card(region, lpu, other_lpu):
    card, elsewhere = new_card(lpu), None
    elsewhere = same_person(card, other_lpu)
    person = region.put(card).json()["personGuid"]
    region.put(elsewhere)
    before = int(time.time())
    told = claims(region.token(n_pol=card["polis"]["number"], Birthday="1980-02-29"))
    assert told["personGuid"] == person
    assert sorted(told["mkabs"]) == sorted([card["guid"], elsewhere["guid"]])
    assert before <= told["iat"] <= time.time()
    assert told["exp"] == told["iat"] + 30 * 60
    assert "source" not in told


def test_merged_and_withdrawn_cards_are_not_in_the_token(region, lpu, other_lpu):
    card, loser = new_card(lpu), new_card(lpu)
    withdrawn = same_person(card, other_lpu, state="withdrawn")
    for sent in (card, loser, withdrawn):
        region.put(sent)
    region.put(loser, version=2, state="merged", mergedInto=card["guid"])
    by_polis = claims(region.token(n_pol=card["polis"]["number"]))
    by_loser = claims(region.token(mkab=loser["guid"]))
    by_old_polis = claims(region.token(n_pol=loser["polis"]["number"]))
    assert by_polis["mkabs"] == by_loser["mkabs"] == by_old_polis["mkabs"] == [card["guid"]]


def test_a_card_merged_before_its_survivor_was_sent_leads_to_it_later(region, lpu):
    survivor = new_card(lpu)
    loser = new_card(lpu, state="merged", mergedInto=survivor["guid"])
    region.put(loser)
    assert region.token(mkab=loser["guid"]).status_code == 404
    region.put(survivor)
    assert claims(region.token(mkab=loser["guid"].upper()))["mkabs"] == [survivor["guid"]]


def test_two_cards_merged_into_each_other_do_not_hang_it(region, lpu):
    one, two = new_card(lpu), new_card(lpu)
    region.put(one, state="merged", mergedInto=two["guid"])
    region.put(two, state="merged", mergedInto=one["guid"])
    assert region.token(mkab=one["guid"]).status_code == 404


def test_the_series_is_heeded_when_both_have_one(region, lpu):
    number = new_card(lpu)["polis"]["number"][:8]
    card = new_card(lpu, polis={"series": "АБ", "number": number})
    region.put(card)
    assert claims(region.token(n_pol=number, s_pol="аб"))["mkabs"] == [card["guid"]]
    assert claims(region.token(n_pol=number))["mkabs"] == [card["guid"]]
    assert region.token(n_pol=number, s_pol="ВГ").status_code == 404


@pytest.mark.parametrize("query", [{"n_pol": "0"}, {"mkab": "2d793f84-26c9-496d-bd64-745095eb1f80"}])
def test_nobody_known_is_404(region, query):
    answer = region.token(**query)
    assert (answer.status_code, answer.json()["message_code"]) == (404, "person_not_found")


def test_a_wrong_birthday_or_only_inactive_cards_are_404(region, lpu):
    card = new_card(lpu)
    region.put(card)
    assert region.token(n_pol=card["polis"]["number"], Birthday="1980-01-01").status_code == 404
    region.put(card, version=2, state="withdrawn")
    assert region.token(n_pol=card["polis"]["number"]).status_code == 404


def test_two_persons_with_one_polis_are_told_apart_by_birthday_or_not_at_all(region, lpu, other_lpu):
    card = new_card(lpu)
    other = same_person(card, other_lpu, family="Иная", birthDate="1990-01-01", identityDocument=None)
    region.put(card)
    region.put(other)
    number = card["polis"]["number"]
    assert region.token(n_pol=number).json()["message_code"] == "person_not_found"
    assert claims(region.token(n_pol=number, Birthday="1990-01-01"))["mkabs"] == [other["guid"]]


def test_source_and_life_are_as_asked_for(region, lpu):
    card = new_card(lpu)
    region.put(card)
    told = claims(region.token(mkab=card["guid"], source="Infomat", exp=5))
    assert (told["source"], told["exp"] - told["iat"]) == ("Infomat", 5)
    expired = region.token(mkab=card["guid"], exp=-120)
    with pytest.raises(jwt.ExpiredSignatureError):
        claims(expired)


def test_a_token_does_not_open_with_another_key(region, lpu):
    card = new_card(lpu)
    region.put(card)
    token = region.token(mkab=card["guid"]).json()["token"]
    with warnings.catch_warnings(), pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, "another" * 8, algorithms=["HS256"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "n_pol"),
        ({"mkab": "x"}, "mkab"),
        ({"n_pol": "1", "Birthday": "1.1.80"}, "Birthday"),
        ({"n_pol": "1", "source": "Telepathy"}, "source"),
        ({"n_pol": "1", "exp": "soon"}, "exp"),
        ({"n_pol": "1", "exp": "99999999999"}, "exp"),
    ],
)
def test_malformed_questions_are_named(region, query, field):
    answer = region.token(**query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
