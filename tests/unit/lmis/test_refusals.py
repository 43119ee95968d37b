"""What the screens say when something is refused: why, and then what to do next, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.utils import translation
from django.utils.translation import gettext

from appointments.exceptions import FullSlot, HeldAppointment, SlotRefusal, SlotTaken
from lmis import exceptions as general
from lmis.exceptions import FieldError, Refusal, ValidationFailed
from patients.screens.exchange_acts import _Wrong

TWO_SENTENCES = re.compile(r"[.!?] \S")

# Never on a screen, or with words of their own there.
NOT_SHOWN = {
    SlotRefusal: "only a base",
    HeldAppointment: "only a base",
    ValidationFailed: "says what its fields say",
    _Wrong: "says what its form says",
    general.Throttled: "the login and the lock say how many seconds to wait",
    general.MalformedJson: "of the API alone",
    general.Unauthorized: "of the API alone",
    general.TokenInvalid: "of the API alone",
    general.TokenExpired: "of the API alone",
    general.ScopeRequired: "of the API alone",
    general.NetworkNotAllowed: "of the API alone",
    general.MethodNotAllowed: "of the API alone",
    general.NotAcceptable: "of the API alone",
    general.RequestInProgress: "of the API alone",
    general.PayloadTooLarge: "of the API alone",
    general.UnsupportedMediaType: "of the API alone",
    general.IdempotencyKeyReused: "of the API alone",
    general.InternalError: "of the API alone: a screen has its page for 500",
}
# One sentence, which asks for what is to be done.
ASKS = {
    "referring_lpu_unknown",
    "lpu_nameless",
    "booked_before",
    "reason_required",
    "lpu_same",
    "lpu_in_use",
    "pattern_clashes",
    "NotNow",
    "TooLarge",
    "NoSurname",
}
FIELDS_ASK = {
    "More than a year at once: look at the year of the last day.",
    "Say why: staff and patients will ask.",
    "Nobody could book: choose a channel and at least one patient.",
    "Say why the patient is taken off the list.",
    "Name either a doctor or a speciality.",
    "Without a phone nobody can be called: enter one.",
    "Look at the row of the direction.",
}


def kinds(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    if base is Refusal:
        get_resolver().url_patterns  # noqa: B018  # imports every screen
    for kind in base.__subclasses__():
        if not kind.__module__.startswith("tests."):
            yield kind
            yield from kinds(kind)


def shown() -> list[type[Refusal]]:
    return [kind for kind in dict.fromkeys(kinds()) if kind not in NOT_SHOWN]


def said_by(kind: type[Refusal]) -> str:
    return str(kind.for_staff or kind.message)


def texts_of_fields() -> Iterator[str]:
    """The texts given to `FieldError` and `ValidationFailed.of` outside the API."""
    for path in sorted(Path(settings.BASE_DIR).glob("[adlp]*/**/*.py")):
        if path.parts[len(settings.BASE_DIR.parts)] in {"appointments", "directions", "lmis", "patients"}:
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            yield from (text for call in calls if "api" not in path.parts and (text := _text_of(call)))


def _text_of(call: ast.Call) -> str | None:
    if not ast.unparse(call.func).endswith(("FieldError", "ValidationFailed.of")) or len(call.args) < 2:
        return None
    said = call.args[1]
    if isinstance(said, ast.Call) and isinstance(said.args[0], ast.Constant):
        return str(said.args[0].value)
    return None


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("kind", shown(), ids=lambda kind: kind.__name__)
def test_a_screen_says_why_and_what_next(kind, language):
    with translation.override(language):
        text = said_by(kind)
    asks = (kind.code or kind.__name__) in ASKS
    assert text if asks else TWO_SENTENCES.search(text), text


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("text", sorted(set(texts_of_fields())))
def test_so_does_a_field(text, language):
    with translation.override(language):
        said = gettext(text)
    assert said if text in FIELDS_ASK else TWO_SENTENCES.search(said), said


def test_the_lists_of_exceptions_name_only_what_there_is():
    assert {kind.code or kind.__name__ for kind in shown()} >= ASKS
    assert set(texts_of_fields()) >= FIELDS_ASK


def test_a_lost_place_says_more_to_staff_than_the_contract_lets_the_api_say():
    with translation.override("ru"):
        assert str(SlotTaken.message) == str(FullSlot.message) == "Талон уже занят"
        assert said_by(SlotTaken) == said_by(FullSlot) == "Место только что заняли. Выберите другое."


def test_fields_are_told_in_their_own_words():
    refusal = ValidationFailed([FieldError("a", "One.", "invalid"), FieldError("b", "Two.", "invalid")])
    assert refusal.said == "One. Two."


@pytest.mark.parametrize("pattern", ["*/screens/*.py", "*/admin/*.py", "directions/admin.py"])
def test_no_page_shows_the_words_of_the_api(pattern):
    own = re.compile(r"\b(?!error\b|self\b)\w+\.message\b")
    for path in Path(settings.BASE_DIR).glob(pattern):
        assert not own.search(path.read_text()), path


def test_nor_does_a_template():
    for path in Path(settings.BASE_DIR, "templates", "screens").glob("**/*.html"):
        assert "refusal.message" not in path.read_text(), path
