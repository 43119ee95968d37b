"""One spelling for comparing."""

import pytest

from lmis.text import number_key, plain_number
from tests.factories.patients import spellings


@pytest.mark.parametrize("spelled", spellings("1111000011110000"))
def test_what_looks_the_same_has_the_same_key(spelled):
    assert number_key(plain_number(spelled)) == "1111000011110000"


@pytest.mark.parametrize("text", ["", "45 10", "№ 77-к", "I-АБ", "12–3—4", "IV-ЁЙ № 123/4", "XX.1_2"])
def test_what_a_keyboard_has_stays_as_it_was_written(text):
    assert plain_number(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (" 1\t2\n", "1 2"),
        ("Й№１", "Й№1"),
        ("\u200b\u2060", ""),
        ("\u0418\u0306", "Й"),
        ("1\u00012", "12"),
    ],
)
def test_what_is_made_of_the_rest(text, plain):
    assert plain_number(text) == plain
    assert plain_number(plain) == plain
