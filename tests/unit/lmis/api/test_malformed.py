"""Malformed bodies and queries: each a clear 400, none a 500."""

import pytest

from lmis.api.rendering import loads
from lmis.exceptions import ValidationFailed

pytestmark = pytest.mark.django_db
GUID = "11111111-2222-3333-4444-55555555aaaa"


@pytest.fixture
def post(known):
    def send(body, content_type="application/json"):
        return known.http.generic("POST", "/api/shaped", body, content_type=content_type)

    return send


def errors(response):
    assert (response.status_code, response.json()["message_code"]) == (400, "validation_error")
    return [(error["field"], error["message_code"]) for error in response.json()["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b" ",
        b"{'slot': 1}",
        b'{"slot": NaN}',
        b'{"slot": 1e999}',
        b'{"slot": "\xff\xfe"}',
        b'{"slot": "\xc3\x28"}',
        b'{"slot": "\\ud800"}',
        b'{"slot": "a\x00b"}',
        b'{"slot": 1,}',
        b'{"slot": 1} x',
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        "{}".encode("utf-16"),
    ],
)
def test_no_json(post, body):
    response = post(body)
    assert (response.status_code, response.json()["message_code"]) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"x"', b"true", b'[{"slot": 1}]'])
def test_json_that_is_no_object(post, body):
    assert errors(post(body)) == [("", "invalid")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [("slot", "required")]),
        (b"{}", [("slot", "required")]),
        (b'{"slot": null}', [("slot", "null")]),
        (b'{"slot": ""}', [("slot", "invalid")]),
        (b'{"slot": 5}', [("slot", "invalid")]),
        (b'{"slot": -5}', [("slot", "invalid")]),
        (b'{"slot": {}}', [("slot", "invalid")]),
        (b'{"slot": []}', [("slot", "invalid")]),
        (b'{"slot": true}', [("slot", "invalid")]),
        (b'{"slot": "1111111122223333444455555555aaaa"}', [("slot", "invalid")]),
        (b'{"slot": "{11111111-2222-3333-4444-55555555aaaa}"}', [("slot", "invalid")]),
        (b'{"slot": "urn:uuid:11111111-2222-3333-4444-55555555aaaa"}', [("slot", "invalid")]),
        (b'{"slot": "11111111-2222-3333-4444-55555555aaag"}', [("slot", "invalid")]),
        ('{"slot": "١1111111-2222-3333-4444-55555555aaaa"}'.encode(), [("slot", "invalid")]),
        (b'{"slot": "a\\u0000b"}', [("slot", "null_characters_not_allowed")]),
        (b'{"other": ["a\\u0000b"]}', [("other.0", "null_characters_not_allowed")]),
        (b'{"oth\\u0000er": 1}', [("", "null_characters_not_allowed")]),
        (b'{"a":' * 40 + b"1" + b"}" * 40, [(".".join("a" * 32), "too_deep")]),
    ],
)
def test_the_slot(post, body, expected):
    assert errors(post(body)) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('"person": null', [("person", "null")]),
        ('"person": 5', [("person", "invalid")]),
        ('"person": {}', [("person.family", "required"), ("person.document", "required")]),
        ('"person": {"family": "", "document": {"number": "1"}}', [("person.family", "blank")]),
        ('"person": {"family": {}, "document": {"number": "1"}}', [("person.family", "invalid")]),
        ('"person": {"family": "x", "document": {}}', [("person.document.number", "required")]),
        ('"person": {"family": "x", "document": []}', [("person.document", "invalid")]),
        ('"person": {"family": "x", "document": {"number": "123456"}}', [("person.document.number", "max_length")]),
        (
            '"person": {"family": "x", "document": {"number": "1", "kind": "x"}}',
            [("person.document.kind", "invalid_choice")],
        ),
        (
            '"people": [{"family": "x", "document": {"number": "1"}}, {}]',
            [("people.1.family", "required"), ("people.1.document", "required")],
        ),
        ('"people": {}', [("people", "not_a_list")]),
        ('"codes": [1, "x", 2]', [("codes.1", "invalid")]),
        ('"codes": [123456789012345678901234567890]', [("codes.0", "invalid")]),
        ('"at": "2026-04-21T09:00:00"', [("at", "offset_required")]),
        ('"at": "2026-04-21"', [("at", "offset_required")]),
        ('"at": "2026-02-30T09:00:00+03:00"', [("at", "invalid")]),
        ('"at": "0001-01-01T00:00:00+03:00"', [("at", "invalid")]),
        ('"at": "soon"', [("at", "invalid")]),
        ('"at": 1745215200', [("at", "invalid")]),
        ('"at": ""', [("at", "invalid")]),
    ],
)
def test_the_rest(post, more, expected):
    assert errors(post(f'{{"slot": "{GUID}", {more}}}'.encode())) == expected


# A long name and a long list in it: together their paths are as long as the square of the body.
@pytest.mark.parametrize("wrong", [b'"\\u0000"', b"[" * 31 + b"]" * 31], ids=["null", "deep"])
def test_a_body_that_is_all_wrong_gets_a_short_answer(post, wrong):
    body = b'{"slot": "' + GUID.encode() + b'", "' + b"a" * 9000 + b'": [' + b",".join([wrong] * 1000) + b"]}"
    found = errors(answer := post(body))
    assert len(found) == 20
    assert {field for field, _ in found} == {"a" * 200}
    assert len(answer.content) < len(body)
    with pytest.raises(ValidationFailed) as refused:
        loads(body)
    assert {len(error.field) for error in refused.value.errors} == {200}  # nor was more of it ever held


@pytest.mark.parametrize("list_of", ["people", "codes"])
def test_so_does_a_long_list_of_nonsense(post, list_of):
    body = f'{{"slot": "{GUID}", "{list_of}": [{",".join(["[]"] * 5000)}]}}'
    assert len(errors(post(body.encode()))) == 100


@pytest.mark.parametrize("value", ['"' + "x" * 9000 + '"', "[" + "[]," * 3000 + "[]]"])
def test_what_was_sent_does_not_come_back_whole(post, value):
    answer = post(
        f'{{"slot": "{GUID}", "person": {{"family": "x", "document": {{"number": "1", "kind": {value}}}}}}}'.encode()
    )
    assert errors(answer) == [("person.document.kind", "invalid_choice")]
    assert len(answer.json()["errors"][0]["message"]) == 500


def test_nor_do_the_names_in_a_query(known):
    response = known.http.get("/api/plain?" + "&".join(f"{number}{'a' * 300}%00=1" for number in range(150)))
    found = errors(response)
    assert (len(found), {len(field) for field, _ in found}) == (100, {200})


def test_good_ones(post):
    body = f'{{"slot": " {GUID.upper()} ", "at": "2026-04-21T09:00:00+03:00", "unknown": 1, "anything": [1e5, {{}}]}}'
    assert post(b"\xef\xbb\xbf" + body.encode()).json() == {
        "slot": GUID,
        "at": "2026-04-21T06:00:00+00:00",
        "anything": [1e5, {}],
    }


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data", "x" * 500]
)
def test_another_content_type(post, content_type):
    response = post(b"{}", content_type)
    assert (response.status_code, response.json()["message_code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_its_names(post, content_type):
    assert errors(post(b"{}", content_type)) == [("slot", "required")]


def test_delete_needs_a_content_type_only_with_a_body(known):
    assert known.http.generic("DELETE", "/api/shaped", content_type="").json() == {"reason": None}
    response = known.http.generic("DELETE", "/api/shaped", b'{"reason": "x"}', content_type="application/json")
    assert response.json() == {"reason": "x"}
    assert known.http.generic("DELETE", "/api/shaped", b'{"reason": "x"}', content_type="").status_code == 415


def test_nul_in_the_query(known):
    response = known.http.get("/api/plain?a=1&speciality=x%00y&n%00=1")
    assert errors(response) == [
        ("n\x00", "null_characters_not_allowed"),
        ("speciality", "null_characters_not_allowed"),
    ]


@pytest.mark.parametrize("query", ["%ff%fe", "a=%ff", "=", "&&&", "%", "a=%zz", "a" * 5000])
def test_odd_queries_are_harmless(known, query):
    assert known.http.get(f"/api/plain?{query}").status_code == 200


def test_too_many_parameters(known):
    response = known.http.get("/api/plain?" + "&".join(f"a{number}=1" for number in range(2000)))
    assert (response.status_code, response.json()["message_code"]) == (400, "validation_error")
