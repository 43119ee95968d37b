"""The MIP's answers as outcomes (contract §4): whatever is not said to be the card's fault is tried again."""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from patients.mip.answers import MOST_FAULTS, classify, retry_after
from patients.mip.outcomes import Accepted, Credentials, Duplicate, Fault, Later, Rejected

NOW = dt.datetime(2026, 4, 21, 9, 0, tzinfo=dt.UTC)
GUID = "ee5ae221-ddc8-40cf-a61b-4e7926a2501c"


def answer(status, json=None, **kwargs):
    return classify(httpx.Response(status, **({"json": json} if json is not None else {}), **kwargs), now=NOW)


@pytest.mark.parametrize("status", [200, 201])
def test_accepted(status):
    assert answer(status, {"personGuid": GUID, "version": 7}) == Accepted(7, UUID(GUID))


@pytest.mark.parametrize("guid", [None, "", "nonsense", 5])
def test_accepted_without_a_person(guid):
    assert answer(200, {"personGuid": guid, "version": 7}) == Accepted(7, None)


@pytest.mark.parametrize(
    "body", [{}, {"version": None}, {"version": "7"}, {"version": True}, {"version": -1}, {"version": 2**63}, [1], "no"]
)
def test_a_200_that_does_not_say_what_it_holds_is_no_answer(body):
    assert answer(200, body) == Later("bad_answer")


def test_a_200_of_a_proxy():
    assert answer(200, content=b"<html>") == Later("bad_answer")
    assert answer(200, content=b"[" * 100_000) == Later("bad_answer")


@pytest.mark.parametrize("status", [400, 422])
def test_rejected(status):
    body = {
        "message": "Карта заполнена неверно",
        "message_code": "validation_error",
        "errors": [{"field": "snils", "message": "Неверный СНИЛС", "message_code": "checksum"}],
    }
    fault = Fault("snils", "checksum", "Неверный СНИЛС")
    assert answer(status, body) == Rejected("validation_error", "Неверный СНИЛС", "snils", (fault,))


def test_all_that_is_wrong_with_a_card_is_kept():
    named = {"field": "Иванов Иван", "message": "Плохо", "message_code": "Иванов"}  # no field and no code
    listed = [{"field": "snils", "message": "Раз", "message_code": "checksum"}, "?", {}, named, {"field": "sex"}]
    outcome = answer(422, {"message_code": "validation_error", "errors": listed})
    assert (outcome.text, outcome.field) == ("Раз", "snils")
    assert outcome.faults == (Fault("snils", "checksum", "Раз"), Fault("", "", "Плохо"), Fault("sex", "", ""))


def test_a_list_without_end_is_cut():
    assert len(answer(422, {"errors": [{"field": "sex"}] * 5000}).faults) == MOST_FAULTS


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"message": "Нет"}, Rejected("http_400", "Нет")),
        ({"message_code": "x" * 64, "message": "y" * 1000}, Rejected("x" * 64, "y" * 500)),
        ({"message_code": "x" * 65}, Rejected("http_400")),
        ({"message_code": "1001"}, Rejected("1001")),
        # a name or a number of a patient where a code should stand is shown to nobody
        ({"message_code": "Иванов Иван"}, Rejected("http_400")),
        ({"message_code": "7777777777777777"}, Rejected("http_400")),
        (
            {"errors": [{"field": "polis Иванова", "message": "нет"}]},
            Rejected("http_400", "нет", "", (Fault("", "", "нет"),)),
        ),
        ({"message_code": ["x"], "message": {"a": 1}, "errors": [None]}, Rejected("http_400")),
        ({"message_code": 7, "message": "a\x00b", "errors": {}}, Rejected("7", "ab")),
    ],
)
def test_rejected_in_some_other_shape(body, outcome):
    assert answer(400, body) == outcome


def test_half_a_surrogate_pair_can_be_stored():
    outcome = answer(400, content=b'{"message": "a\\ud800"}')
    assert outcome == Rejected("http_400", "a?")


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "body", [b"", b"<html>400 The plain HTTP request was sent to HTTPS port", b"[]", b"{}", b'"no"']
)
def test_what_is_not_the_mips_own_refusal_is_no_fault_of_the_card(status, body):
    """A server before it says so to each card, for as long as the address is wrong."""
    assert answer(status, content=body) == Later(f"http_{status}")
    assert answer(status, content=body, headers={"Retry-After": "7"}) == Later(f"http_{status}", 7.0)


def test_duplicate():
    body = {"message": "Уже есть", "message_code": "duplicate_suspected"}
    assert answer(409, body) == Duplicate("duplicate_suspected", "Уже есть")
    assert answer(409) == Duplicate("duplicate", "")


def test_credentials():
    assert answer(401) == Credentials("unauthorized")
    assert answer(403) == Credentials("forbidden")


@pytest.mark.parametrize("status", [301, 302, 404, 405, 408, 413, 429, 500, 502, 503, 504, 599])
def test_later(status):
    assert answer(status, headers={"Location": "/elsewhere"}) == Later(f"http_{status}")


def test_later_when_they_say_so():
    assert answer(429, headers={"Retry-After": "17"}) == Later("http_429", 17.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Tue, 21 Apr 2026 09:01:00 GMT", 60.0),
        ("Tue, 21 Apr 2026 08:00:00 GMT", 0.0),
        ("Tuesday, 21-Apr-26 09:01:00 GMT", 60.0),
        ("Tue, 21 Apr 2027 09:00:00 GMT", 86_400.0),
        ("9" * 30, 86_400.0),
        ("9" * 400, 86_400.0),
        ("-5", None),
        ("soon", None),
        ("Tue, 99 Apr 2026 09:01:00 GMT", None),
    ],
)
def test_retry_after(value, seconds):
    assert retry_after(value, now=NOW) == seconds
