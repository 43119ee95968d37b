"""The staff's pages: each has its picture, each named button is one that the site shows, each page is listed."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

STAFF = Path(settings.BASE_DIR) / "docs" / "staff"
PAGES = sorted(path for path in STAFF.glob("*.md") if path.name != "README.md")
LABEL = re.compile(r"«([А-ЯЁ][^»]{2,})»", re.DOTALL)
PICTURE = re.compile(r"!\[([^\]]+)\]\(\.\./images/([\w-]+\.png)\)")
ASIDE = {"пользователи"}  # Django's own word


def shown():
    """All that the site says in Russian, in small letters; what a text is filled with is left out."""
    with (Path(settings.BASE_DIR) / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        found = [message.string for message in read_po(file)]
    texts = [text for one in found for text in ((one,) if isinstance(one, str) else one)]
    return {" ".join(re.sub(r"%\(\w+\)\w", "", text).lower().split()).rstrip(":. ") for text in texts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_has_its_picture(page):
    pictures = PICTURE.findall(page.read_text())
    assert pictures
    for title, name in pictures:
        assert title.strip()
        assert (STAFF.parent / "images" / name).is_file(), f"{name}: run `make screenshots`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_named_is_there(page):
    known = shown() | ASIDE
    named = {" ".join(label.lower().split()).rstrip(":. ") for label in LABEL.findall(page.read_text())}
    unknown = sorted(named - known)
    assert not unknown


def test_every_page_is_listed():
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (STAFF / "README.md").read_text())
    assert sorted(set(listed)) == [page.name for page in PAGES]
