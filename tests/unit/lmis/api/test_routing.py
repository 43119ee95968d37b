"""Guids and the trailing slash in paths."""

import uuid

import pytest
from django.urls import resolve, reverse

pytestmark = pytest.mark.django_db
GUID = "AAAAAAAA-bbbb-4ccc-8ddd-EEEEEEEEEEEE"


def test_either_case_is_the_same_guid(known):
    answers = {known.http.get(f"/api/things/{text}").content for text in (GUID, GUID.lower(), GUID.upper())}
    assert len(answers) == 1
    assert GUID.lower().encode() in answers.pop()


@pytest.mark.parametrize("path", ["/api/plain", f"/api/things/{GUID}"])
def test_one_trailing_slash_answers_the_same(known, path):
    without, with_slash = known.http.get(path), known.http.get(path + "/")
    assert (with_slash.status_code, with_slash.content) == (200, without.content)
    assert known.http.get(path + "//").status_code == 404


def test_a_post_with_a_slash_keeps_its_body(known):
    response = known.http.post("/api/shaped/", {"slot": GUID}, format="json")
    assert response.json() == {"slot": GUID.lower()}


@pytest.mark.parametrize(
    "guid",
    [
        "5",
        "x",
        GUID[:-1],
        GUID + "0",
        GUID.replace("-", ""),
        f"{{{GUID}}}",
        "g" + GUID[1:],
        "%00",
        "..",
        "١" + GUID[1:],
    ],
)
def test_a_malformed_guid_is_not_found(known, guid):
    response = known.http.get(f"/api/things/{guid}")
    assert (response.status_code, response.json()["message_code"]) == (404, "not_found")


def test_reversing_gives_lower_case_and_no_slash():
    assert reverse("thing", args=[uuid.UUID(GUID)]) == f"/api/things/{GUID.lower()}"
    assert resolve(f"/api/things/{GUID}/").kwargs == {"guid": uuid.UUID(GUID)}
