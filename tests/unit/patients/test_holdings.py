"""Pages of what the MIP holds: read strictly, since a misread page would look like lost cards."""

from uuid import UUID

import httpx
import pytest

from patients.mip.holdings import Holdings, read
from patients.mip.outcomes import Later

GUID = "ee5ae221-ddc8-40cf-a61b-4e7926a2501c"
ONE = {"guid": GUID, "version": 7}


def page(body, after="x"):
    return read(httpx.Response(200, json=body), after=after)


def test_a_page():
    assert page({"items": [ONE], "next": "y"}) == Holdings([(UUID(GUID), 7)], "y")


def test_the_last_page():
    assert page({"items": [ONE], "next": None}) == Holdings([(UUID(GUID), 7)], None)
    assert page({"items": [], "next": None}) == Holdings([], None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "no",
        {"items": [ONE]},
        {"items": None, "next": None},
        {"items": [None], "next": None},
        {"items": ["x"], "next": None},
        {"items": [{"guid": GUID}], "next": None},
        {"items": [{"guid": "x", "version": 7}], "next": None},
        {"items": [{"guid": None, "version": 7}], "next": None},
        {"items": [{"guid": GUID, "version": "7"}], "next": None},
        {"items": [{"guid": GUID, "version": True}], "next": None},
        {"items": [{"guid": GUID, "version": -1}], "next": None},
        {"items": [{"guid": GUID, "version": 2**63}], "next": None},
        {"items": [ONE], "next": 5},
        {"items": [ONE], "next": ""},
        {"items": [ONE], "next": "y" * 501},
        {"items": [ONE], "next": "x"},
        {"items": [], "next": "y"},
    ],
)
def test_what_is_no_page(body):
    assert page(body) == Later("bad_answer")


def test_a_page_of_a_proxy():
    assert read(httpx.Response(200, content=b"<html>"), after="") == Later("bad_answer")
    assert read(httpx.Response(200, content=b"[" * 100_000), after="") == Later("bad_answer")
