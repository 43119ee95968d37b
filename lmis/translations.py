"""`python -m lmis.translations gather compile`: the catalogues in `locale/`, without a gettext program.

`gather` brings `locale/<language>/LC_MESSAGES/django.po` in step with the texts in code and templates (Django's
own `makemessages` would need xgettext), and with those of installed packages that nobody else has translated;
`compile` writes the `.mo` files that a process reads.
"""

from __future__ import annotations

import gettext
import io
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("ru",)  # the texts in the code are English
SOURCES = ("lmis", "patients", "directions", "appointments", "templates")
# Files of packages whose texts staff or callers see: our catalogue says what the package's own leaves in English.
BORROWED = {
    "unfold": ("*.py", "mixins/*.py", "templates/**/*.html", "contrib/filters/**/*"),
    "auditlog": ("apps.py", "models.py", "filters.py"),
    "rest_framework": ("exceptions.py", "fields.py", "serializers.py", "validators.py"),
}
# Where Django looks besides, of the apps that we have installed.
OF_DJANGO = ("conf", *(f"contrib/{app}" for app in ("admin", "auth", "contenttypes", "postgres", "sessions")))
KEYWORDS = DEFAULT_KEYWORDS | {
    "_t": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

Text = tuple[int, str | tuple[str, ...], list[str], str | None]  # line, message(s), comments, context


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
        catalogue = _read(path)
        for message, errors in catalogue.check():
            raise PoFileError(str(errors[0]), catalogue, str(message.id), message.lineno or 0)
        draft = path.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(path.with_suffix(".mo"))


def gather() -> None:
    """Add new texts to the catalogues, drop those that are used no more, keep every translation."""
    for language in LANGUAGES:
        texts = Catalog(charset="utf-8", project="lmis")
        for place, (_line, message, comments, context) in (*_own(), *_borrowed(language)):
            texts.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = _read(path) if path.exists() else Catalog(locale=language, charset="utf-8", project="lmis")
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        draft = io.BytesIO()
        write_po(draft, catalogue, sort_output=True, include_lineno=False, width=110)
        path.write_bytes(draft.getvalue())


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def _own() -> Iterator[tuple[str, Text]]:
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            for text in _texts(path):
                yield path.relative_to(ROOT).as_posix(), text


def _borrowed(language: str) -> Iterator[tuple[str, Text]]:
    """The packages' texts that neither they nor Django have in this language."""
    for package, patterns in BORROWED.items():
        root = _folder(package)
        known = _known(language, root)
        for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
            for text in _texts(path):
                if not _translated(known, text):
                    yield path.relative_to(root.parent).as_posix(), text


def _known(language: str, package: Path) -> gettext.NullTranslations:
    django = _folder("django")
    found = gettext.NullTranslations()
    for place in (package, *(django / app for app in OF_DJANGO)):
        found.add_fallback(gettext.translation("django", place / "locale", [language], fallback=True))
    return found


def _translated(known: gettext.NullTranslations, text: Text) -> bool:
    _line, message, _comments, context = text
    one, many = (message, message) if isinstance(message, str) else message[:2]
    if context:
        return known.npgettext(context, one, many, 1) != one
    return (known.gettext(one) if one == many else known.ngettext(one, many, 1)) != one


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _texts(path: Path) -> Iterator[Text]:
    """What a file has to say; nothing unless it is code or a template."""
    if path.suffix == ".py":
        language, code = "python", path.read_bytes()
    elif path.suffix in {".html", ".txt"}:
        language, code = "javascript", _as_code(path)
    else:
        return
    yield from extract(language, io.BytesIO(code), keywords=KEYWORDS, comment_tags=["Translators"])


def _as_code(path: Path) -> bytes:
    """Turn a template into something with `gettext('...')` calls; the lexer of JavaScript minds no indentation."""
    from django.utils.translation.template import templatize

    return templatize(path.read_text(encoding="utf-8")).encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
