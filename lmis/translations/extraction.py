"""Finding texts in code and templates."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract

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


def texts_of(path: Path) -> Iterator[Text]:
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
