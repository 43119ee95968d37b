"""Days are written in the order of the language, on every part of a page."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from appointments.models import WaitingEntry
from tests.factories import cast
from tests.factories.patients import a_card
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry

TEMPLATES = Path(settings.BASE_DIR) / "templates"
FIXED = re.compile(r'\|date:"[dj][. ]?m[". ]')


@pytest.mark.parametrize(
    ("language", "day", "moment"), [("en", "11/04", "11/04 09:05"), ("ru", "04.11", "04.11 09:05")]
)
def test_short_days_of_both_languages(language, day, moment):
    when = dt.datetime(2026, 11, 4, 9, 5)  # noqa: DTZ001
    with translation.override(language):
        assert (date_format(when, "SHORT_DAY_FORMAT"), date_format(when, "SHORT_DAY_TIME_FORMAT")) == (day, moment)


def test_no_screen_fixes_the_order():
    """What is printed is Russian in any language."""
    pages = [page for page in TEMPLATES.rglob("*.html") if "print" not in page.relative_to(TEMPLATES).parts]
    assert [page.name for page in pages if FIXED.search(page.read_text())] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["head", "waiting"])
@pytest.mark.parametrize(("language", "other"), [("en", r"\b\d\d?\.\d\d\b"), ("ru", r"\b\d\d/\d\d\b")])
def test_a_page_has_one_order(client, name, language, other):
    doctor = cast.a_doctor()
    cast.a_slot(doctor, hours=30)
    an_entry(doctor, patient=a_card(doctor.lpu))
    WaitingEntry.objects.update(due=timezone.localdate() - dt.timedelta(days=2))
    client.force_login(an_employee("head", "registrar"))
    page = client.get(reverse(f"screens:{name}"), headers={"accept-language": language}).content.decode()
    text = re.sub(r"<[^>]*>", " ", page[page.index("<main") : page.index("</main>")])
    assert re.findall(other, text) == []
    with translation.override(language):
        assert date_format(timezone.localdate(), "SHORT_DAY_FORMAT") in text
