"""`python -m lmis.translations gather compile`: the catalogues in `locale/`, without a gettext program.

`gather` brings `locale/<language>/LC_MESSAGES/django.po` in step with the texts in code and templates (Django's
own `makemessages` would need xgettext), and with those that we say for installed packages; `compile` writes the
`.mo` files that a process reads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from lmis.translations.extraction import Text, texts_of
from lmis.translations.packages import borrowed

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("ru",)  # the texts in the code are English
SOURCES = ("lmis", "patients", "directions", "appointments", "templates")


def main(words: list[str]) -> int:
    """Do what `words` name, in their order; 2 when a catalogue cannot be read."""
    try:
        for word in words:
            {"gather": gather, "compile": compile_all}[word]()
    except (PoFileError, UnicodeDecodeError) as error:
        print(f"locale: {error} {getattr(error, 'line', '')}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def compile_all() -> None:
    """Write the `.mo` beside each catalogue; `PoFileError` when a text and its translation disagree
    about their placeholders. Fuzzy texts are left out."""
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        catalogue = read(path)
        for message, errors in catalogue.check():
            raise PoFileError(str(errors[0]), catalogue, str(message.id), message.lineno or 0)
        # Two commands that start at once both compile: under one name the first would take the second's draft away,
        # so each has a draft of its own, and whichever is done last stays.
        draft = path.with_suffix(f".{uuid4().hex}.mo")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(path.with_suffix(".mo"))


def gather() -> None:
    """Add new texts to the catalogues, drop those that are used no more, keep every translation."""
    for language in LANGUAGES:
        texts = Catalog(charset="utf-8", project="lmis")
        for place, (_line, message, comments, context) in (*_own(), *borrowed(language)):
            texts.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = read(path) if path.exists() else Catalog(locale=language, charset="utf-8", project="lmis")
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        draft = io.BytesIO()
        write_po(draft, catalogue, sort_output=True, include_lineno=False, width=110)
        path.write_bytes(draft.getvalue())


def read(path: Path) -> Catalog:
    """A `.po` file; `PoFileError` says in which line it is broken."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def _own() -> Iterator[tuple[str, Text]]:
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            for text in texts_of(path):
                yield path.relative_to(ROOT).as_posix(), text
