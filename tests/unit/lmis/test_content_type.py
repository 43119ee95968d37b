"""Whatever a caller writes into `Content-Type`, Django can read it, and reads the query in UTF-8."""

import io
import random

import pytest
from django.core.handlers.wsgi import WSGIRequest

from lmis.content_type import ReadableContentType

UNREADABLE = [
    "a/b; x*=bogus''%41",
    "a/b; x*=idna''%ff",
    "a/b; x*=undefined''%41",
    "a/b; charset=hex",
    "a/b; charset=rot13",
    "a/b; charset=undefined",
    "a/b; charset=unicode_escape",
    "a/b; charset=utf-7",
    "a/b; charset=utf-16",
    "a/b; charset=windows-1251",
    "a/b; charset=nobody-knows-it",
    "a/b; charset=",
    "a/b; charset*=utf-7''utf-7",
    "a/b; charset=" + "x" * 5000,
]
PIECES = [
    "a/b",
    ";",
    ";",
    "=",
    "*",
    "''",
    "'",
    '"',
    "%41",
    "%",
    "x",
    "x*0*",
    "charset",
    "boundary",
    "utf-7",
    "hex",
    " ",
]


def handed_over(given):
    """What Django is given for it."""
    seen = []
    ReadableContentType(lambda environ, start: seen.append(environ))({"CONTENT_TYPE": given}, None)
    return seen[0]["CONTENT_TYPE"]


def request(content_type):
    """Django's request, with a query in UTF-8."""
    environ = {"CONTENT_TYPE": content_type, "QUERY_STRING": "q=%D0%AF", "REQUEST_METHOD": "GET"}
    return WSGIRequest({**environ, "PATH_INFO": "/", "wsgi.input": io.BytesIO()})


@pytest.mark.parametrize("given", UNREADABLE)
def test_only_the_type_is_left(given):
    assert handed_over(given) == "a/b"
    assert request(handed_over(given)).GET["q"] == "Я"


@pytest.mark.parametrize("given", ["a/b; x*=bogus''%41", "a/b; charset=hex", "a/b; charset=utf-16"])
def test_django_alone_stumbles(given):
    """The twin: were it so no longer, all this could go."""
    with pytest.raises((ValueError, LookupError, AssertionError)):
        assert request(given).GET["q"] == "Я"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        'application/json; charset="UTF8"',
        "multipart/form-data; boundary=----x",
        "text/html; x*=utf-8''%41",
    ],
)
def test_what_is_good_stays(given):
    assert handed_over(given) == given


def test_a_form_keeps_its_boundary():
    given = "multipart/form-data; charset=hex; Boundary=----x; x*=bogus''%41; boundary=second"
    assert handed_over(given) == "multipart/form-data; Boundary=----x"
    assert request(handed_over(given)).content_params == {"boundary": "----x"}


def test_nothing_at_all_makes_django_stumble():
    made = random.Random(7)
    for _ in range(3000):
        given = "".join(made.choices(PIECES, k=made.randint(1, 12)))
        assert request(handed_over(given)).GET["q"] == "Я", given
