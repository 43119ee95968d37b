"""What each outcome makes of an upload's row (contract §4), as a table; and how long the waits are."""

import datetime as dt
from uuid import UUID

import pytest

from patients.mip import pace
from patients.mip.outcomes import Accepted, Credentials, Duplicate, Later, Rejected
from patients.services.verdicts import columns_after, version_to_rise_to

NOW = dt.datetime(2026, 4, 21, 9, 0, tzinfo=dt.UTC)
PERSON = UUID("ee5ae221-ddc8-40cf-a61b-4e7926a2501c")
BLANK = {"error_code": "", "error_text": "", "error_field": "", "faults": []}


def after(outcome, *, held=7, attempts=1):
    """Version 7 was sent, the card is at `held` by now."""
    columns = columns_after(outcome, sent=7, held=held, attempts=attempts, now=NOW)
    assert columns["sent_version"] == 7
    return columns


def errors(columns):
    return {name: columns[name] for name in BLANK}


def test_accepted():
    columns = after(Accepted(7, PERSON))
    assert (columns["state"], columns["accepted_version"], columns["accepted_at"]) == ("accepted", 7, NOW)
    assert errors(columns) == BLANK


def test_accepted_but_changed_meanwhile():
    columns = after(Accepted(7, PERSON), held=8)
    assert (columns["state"], columns["due_at"], columns["attempts"]) == ("waiting", NOW, 0)
    assert (columns["accepted_version"], columns["accepted_at"]) == (7, NOW)


def test_the_mip_holds_more_than_we_have():
    columns = after(Accepted(9, PERSON), held=10)
    assert (columns["state"], columns["due_at"], columns["accepted_version"]) == ("waiting", NOW, 9)
    assert "accepted_at" not in columns


def test_a_mip_that_is_always_ahead_is_not_asked_in_a_circle_without_a_pause():
    due = [after(Accepted(9, PERSON), held=10, attempts=8)["due_at"] for _ in range(50)]
    assert max(due) > NOW + dt.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("outcome", "held", "version"),
    [
        (Accepted(9), 7, 10),
        (Accepted(9), 9, 10),
        (Accepted(9), 10, None),
        (Accepted(7), 7, None),
        (Accepted(5), 7, None),
        (Later("timeout"), 7, None),
        (Rejected("x"), 7, None),
    ],
)
def test_the_version_to_rise_to(outcome, held, version):
    assert version_to_rise_to(outcome, sent=7, held=held) == version


def test_a_mip_that_did_not_take_it():
    columns = after(Accepted(5, PERSON))
    assert (columns["state"], columns["error_code"]) == ("retry", "version_behind")
    assert "accepted_version" not in columns


def test_rejected():
    columns = after(Rejected("validation_error", "Неверный СНИЛС", "snils"))
    assert columns["state"] == "rejected"
    assert list(errors(columns).values()) == ["validation_error", "Неверный СНИЛС", "snils", []]
    assert "due_at" not in columns


def test_duplicate():
    columns = after(Duplicate("duplicate_suspected", "Уже есть"))
    assert columns["state"] == "duplicate"
    assert list(errors(columns).values()) == ["duplicate_suspected", "Уже есть", "", []]


@pytest.mark.parametrize("outcome", [Rejected("x", "y", "z"), Duplicate("x", "y")])
def test_refused_but_changed_meanwhile(outcome):
    columns = after(outcome, held=8)
    assert (columns["state"], columns["due_at"], columns["attempts"]) == ("waiting", NOW, 0)
    assert errors(columns) == BLANK


def test_credentials_wait_for_the_gate():
    columns = after(Credentials("unauthorized"))
    assert (columns["state"], columns["due_at"], columns["error_code"]) == ("retry", NOW, "unauthorized")


@pytest.mark.parametrize("held", [7, 8])
def test_later(held):
    columns = after(Later("timeout"), held=held, attempts=3)
    assert (columns["state"], columns["error_code"]) == ("retry", "timeout")
    assert NOW <= columns["due_at"] <= NOW + dt.timedelta(seconds=16)


def test_later_as_they_asked():
    for _ in range(20):
        assert NOW + dt.timedelta(seconds=90) <= after(Later("http_429", 90.0))["due_at"]


@pytest.mark.parametrize(("attempts", "most"), [(1, 4), (2, 8), (5, 64), (10, 2048), (11, 3600), (1000, 3600)])
def test_the_wait_is_anything_up_to_a_limit_that_doubles_to_an_hour(attempts, most):
    waits = [pace.before_retry(attempts).total_seconds() for _ in range(400)]
    assert 0 <= min(waits) < most / 4
    assert most * 3 / 4 < max(waits) <= most


@pytest.mark.parametrize(("refusals", "seconds"), [(1, 30), (2, 60), (5, 480), (6, 900), (1000, 900)])
def test_the_gate_opens_later_each_time(refusals, seconds):
    assert pace.before_probe(refusals).total_seconds() == seconds
