"""`PUT /mip/mkab/{guid}`: versions, refusals, who may call (contract §4)."""

from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.region import PASSWORD, fields, new_card, same_person


def test_a_first_card_is_created_and_held_as_sent(region, lpu):
    card = new_card(lpu)
    answer = region.put(card)
    assert answer.status_code == 201
    assert answer.json() == {"personGuid": answer.json()["personGuid"], "version": 1}
    held = region.client.get(f"/mip/mkab/{card['guid']}").json()
    assert held == {**card, "personGuid": answer.json()["personGuid"]}


def test_a_later_version_replaces_an_earlier_one(region, lpu):
    card = new_card(lpu)
    first = region.put(card)
    second = region.put(card, version=5, phone="71111111111")
    assert second.status_code == 200
    assert second.json() == {"personGuid": first.json()["personGuid"], "version": 5}
    assert region.client.get(f"/mip/mkab/{card['guid']}").json()["phone"] == "71111111111"


def test_an_older_version_arriving_late_changes_nothing_and_is_told_the_version_held(region, lpu):
    card = new_card(lpu, version=7)
    first = region.put(card)
    late = region.put(card, version=6, phone="72222222222", family="Другая")
    assert late.status_code == 200
    assert late.json() == {"personGuid": first.json()["personGuid"], "version": 7}
    assert region.client.get(f"/mip/mkab/{card['guid']}").json()["phone"] == card["phone"]


def test_the_same_version_again_is_answered_alike_and_keeps_what_was_held(region, lpu):
    card = new_card(lpu)
    first = region.put(card)
    again = region.put(card, phone="73333333333")
    assert (again.status_code, again.json()) == (200, first.json())
    assert region.client.get(f"/mip/mkab/{card['guid']}").json()["phone"] == card["phone"]


def test_versions_are_compared_as_numbers_up_to_milliseconds_and_beyond(region, lpu):
    card = new_card(lpu, version=999)
    region.put(card)
    assert region.put(card, version=1_777_000_000_000).json()["version"] == 1_777_000_000_000
    assert region.put(card, version=2**63 - 1).json()["version"] == 2**63 - 1


def test_guids_are_taken_in_upper_case_and_one_trailing_slash_is_the_same_address(region, lpu):
    card = new_card(lpu.upper())
    assert region.put(card, guid=card["guid"].upper()).status_code == 201
    assert region.put(card, guid=card["guid"] + "/").status_code == 200
    assert region.client.get(f"/mip/mkab/{card['guid']}/").json()["lpuGuid"] == lpu


def test_only_lpu_version_and_one_number_are_required(region, lpu):
    blanks = {"family": "", "name": " ", "patronymic": None, "birthDate": "", "sex": "", "snils": None}
    body = {"lpuGuid": lpu, "version": 1, "polis": {"number": new_card(lpu)["polis"]["number"]}, **blanks}
    assert region.put(body, guid=str(uuid4())).status_code == 201
    document = {"identityDocument": new_card(lpu)["identityDocument"], "polis": None}
    guid = str(uuid4())
    assert region.put({"lpuGuid": lpu, "version": 1, **document}, guid=guid).status_code == 201
    assert region.client.get(f"/mip/mkab/{guid}").json()["state"] == "active"


@pytest.mark.parametrize(
    ("changes", "named", "code"),
    [
        ({"lpuGuid": None}, {"lpuGuid"}, "required"),
        ({"lpuGuid": "1234"}, {"lpuGuid"}, "invalid"),
        ({"version": None}, {"version"}, "required"),
        ({"version": 0}, {"version"}, "invalid"),
        ({"version": "1"}, {"version"}, "invalid"),
        ({"version": True}, {"version"}, "invalid"),
        ({"version": 1.0}, {"version"}, "invalid"),
        ({"version": 2**63}, {"version"}, "invalid"),
        ({"state": "deleted"}, {"state"}, "invalid_choice"),
        ({"state": "merged", "mergedInto": None}, {"mergedInto"}, "required"),
        ({"state": "merged", "mergedInto": "none"}, {"mergedInto"}, "invalid"),
        ({"polis": {}, "identityDocument": {}}, {"polis.number", "identityDocument.number"}, "required"),
        ({"polis": {"number": " "}, "identityDocument": None}, {"polis.number", "identityDocument.number"}, "required"),
        ({"polis": "1234567812345678"}, {"polis"}, "invalid"),
        ({"polis": {"number": 1234567812345678}}, {"polis.number"}, "invalid"),
        ({"identityDocument": {"number": ["1"]}}, {"identityDocument.number"}, "invalid"),
        ({"birthDate": "29.02.1980"}, {"birthDate"}, "invalid"),
        ({"birthDate": "19800229"}, {"birthDate"}, "invalid"),
        ({"birthDate": "1981-02-29"}, {"birthDate"}, "invalid"),
        ({"sex": "Ж"}, {"sex"}, "invalid_choice"),
        ({"snils": "112-233-445"}, {"snils"}, "invalid"),
        ({"family": 5}, {"family"}, "invalid"),
        ({"phone": 79000000000}, {"phone"}, "invalid"),
    ],
)
def test_what_is_missing_or_malformed_is_named_and_nothing_is_kept(region, lpu, changes, named, code):
    card = new_card(lpu, **changes)
    answer = region.put(card)
    body = answer.json()
    assert (answer.status_code, body["code"], body["message_code"]) == (400, 400, "validation_error")
    assert body["message"]
    assert fields(answer) == named
    assert {error["message_code"] for error in body["errors"]} == {code}
    assert region.client.get(f"/mip/mkab/{card['guid']}").status_code == 404


def test_all_faults_of_a_card_are_told_at_once(region, lpu):
    assert fields(region.put(new_card(lpu, version=None, sex="X", snils="1"))) == {"version", "sex", "snils"}


@pytest.mark.parametrize(
    "snils", ["112-233-445 95", "11223344595", "087-654-303 00", "900-004-003 00", "001-001-998 77"]
)
def test_a_snils_with_the_right_check_digits_is_taken(region, lpu, snils):
    assert region.put(new_card(lpu, snils=snils)).status_code == 201


def test_a_snils_with_a_false_check_digit_is_422(region, lpu):
    answer = region.put(new_card(lpu, snils="112-233-445 96"))
    assert (answer.status_code, answer.json()["code"]) == (422, 422)
    assert answer.json()["errors"][0]["message_code"] == "checksum"
    assert fields(answer) == {"snils"}


def test_a_card_cannot_be_merged_into_itself(region, lpu):
    card = new_card(lpu, state="merged")
    assert fields(region.put(card, mergedInto=card["guid"].upper())) == {"mergedInto"}


def test_a_malformed_guid_in_the_address(region, lpu):
    answer = region.put(new_card(lpu), guid="12345")
    assert (answer.status_code, fields(answer)) == (400, {"guid"})


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"version": NaN}'])
def test_a_body_that_is_not_json(region, raw):
    answer = region.client.put(f"/mip/mkab/{uuid4()}", content=raw)
    assert (answer.status_code, answer.json()["message_code"]) == (400, "malformed_json")


def test_a_body_that_is_no_object(region):
    answer = region.client.put(f"/mip/mkab/{uuid4()}", json=[1])
    assert (answer.status_code, answer.json()["message_code"]) == (400, "validation_error")


def test_too_large_a_body(region, lpu):
    answer = region.put(new_card(lpu, address="я" * 140_000))
    assert (answer.status_code, answer.json()["message_code"]) == (413, "payload_too_large")


def test_a_card_does_not_move_to_another_lpu(region, lpu, other_lpu):
    card = new_card(lpu)
    region.put(card)
    answer = region.put(card, lpuGuid=other_lpu, version=2)
    assert (answer.status_code, answer.json()["message_code"]) == (422, "lpu_mismatch")
    assert region.client.get(f"/mip/mkab/{card['guid']}").json()["lpuGuid"] == lpu


@pytest.mark.parametrize(
    "header",
    [None, "Basic", "Basic ???", "Basic Y2xpbmljOndyb25n", "Bearer Y2xpbmljOndyb25n", "Basic Y2xpbmlj"],
)
def test_wrong_credentials_are_401_and_nothing_is_kept(region, lpu, header):
    card = new_card(lpu)
    headers = {"Authorization": header} if header else {}
    answer = httpx.put(f"{region.url}/mip/mkab/{card['guid']}", json=card, headers=headers)
    assert (answer.status_code, answer.json()["message_code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert region.client.get(f"/mip/mkab/{card['guid']}").status_code == 404


def test_the_scheme_is_read_in_any_case(region, lpu):
    raw = httpx.Request("GET", region.url)
    raw = next(httpx.BasicAuth("clinic", PASSWORD).auth_flow(raw)).headers["Authorization"]
    card = new_card(lpu)
    headers = {"Authorization": raw.replace("Basic", "bAsIc")}
    assert httpx.put(f"{region.url}/mip/mkab/{card['guid']}", json=card, headers=headers).status_code == 201


def test_people_read_a_card_without_credentials_but_not_with_wrong_ones(region, lpu):
    card = new_card(lpu)
    region.put(card)
    address = f"{region.url}/mip/mkab/{card['guid']}"
    assert httpx.get(address).status_code == 200
    assert httpx.get(address, auth=("clinic", "wrong")).status_code == 401


def test_unknown_cards_addresses_and_methods_answer_in_the_envelope(region):
    for method, path, code in (
        ("GET", f"/mip/mkab/{uuid4()}", "not_found"),
        ("GET", "/nowhere", "not_found"),
        ("DELETE", f"/mip/mkab/{uuid4()}", "method_not_allowed"),
    ):
        answer = region.client.request(method, path)
        assert answer.json()["message_code"] == code
        assert answer.json()["code"] == answer.status_code


def test_a_second_active_card_of_a_person_in_one_lpu_is_a_suspected_duplicate(region, lpu):
    card = new_card(lpu)
    person = region.put(card).json()["personGuid"]
    double = same_person(card, lpu)
    answer = region.put(double)
    assert (answer.status_code, answer.json()["message_code"]) == (409, "duplicate_suspected")
    assert answer.json()["details"] == {"mkab": card["guid"], "personGuid": person}
    assert region.client.get(f"/mip/mkab/{double['guid']}").status_code == 404


@pytest.mark.parametrize("state", ["merged", "withdrawn"])
def test_a_card_that_is_no_longer_active_is_no_duplicate(region, lpu, state):
    card = new_card(lpu)
    double = same_person(card, lpu)
    region.put(card)
    assert region.put(double).status_code == 409
    assert region.put(card, version=2, state=state, mergedInto=double["guid"]).status_code == 200
    assert region.put(double).status_code == 201
    # And the other way: what is not active itself is taken beside an active one.
    third = same_person(card, lpu, state=state, mergedInto=double["guid"])
    assert region.put(third).status_code == 201
    assert region.put(third, version=2, state="active", mergedInto=None).status_code == 409


def test_a_correction_that_makes_a_card_a_duplicate_is_refused_and_the_old_version_stays(region, lpu):
    card, other = new_card(lpu), new_card(lpu)
    region.put(card)
    region.put(other)
    answer = region.put(other, version=2, polis=card["polis"])
    assert answer.status_code == 409
    assert region.client.get(f"/mip/mkab/{other['guid']}").json()["version"] == 1


def test_a_duplicate_is_suspected_through_a_card_of_another_lpu(region, lpu, other_lpu):
    by_polis = new_card(lpu, identityDocument=None)
    both = same_person(by_polis, other_lpu, identityDocument=new_card(lpu)["identityDocument"])
    region.put(by_polis)
    region.put(both)
    answer = region.put(same_person(both, lpu, polis=None))
    assert (answer.status_code, answer.json()["details"]["mkab"]) == (409, by_polis["guid"])


def test_a_duplicate_is_suspected_though_the_card_keeps_its_person(region, lpu, other_lpu):
    card, other = new_card(lpu), new_card(lpu)
    elsewhere = same_person(card, other_lpu)
    for sent in (card, other, elsewhere):
        region.put(sent)
    answer = region.put(card, version=2, identityDocument=other["identityDocument"])
    assert (answer.status_code, answer.json()["details"]["mkab"]) == (409, other["guid"])
