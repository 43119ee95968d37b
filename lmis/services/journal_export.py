"""The journal as a file: CSV that a table program of a Russian clinic opens by a double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from auditlog.models import LogEntry
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from lmis.actors import Actor
from lmis.services.journal_reading import Question
from lmis.services.journal_words import Line

CHUNK = 500  # entries read and written at a time
_MARK = "\ufeff"  # by it a table program knows UTF-8


def note(*, by: Actor, question: Question) -> None:
    """Enter the export itself: who took how long a period out of the journal."""
    if by.user is None:
        return
    period = {"begin": question.begin.isoformat(), "end": question.end.isoformat()}
    LogEntry.objects.log_create(
        by.user, action=LogEntry.Action.ACCESS, changes={}, actor=by.user, additional_data={"by": by.label, **period}
    )


def head() -> str:
    """The first line, and what stands before it."""
    titles = [_("When"), _("Who"), _("Login"), _("Action"), _("Kind"), _("What"), _("Changes"), _("Address")]
    return _MARK + _csv([titles])


def rows(lines: Iterable[Line]) -> str:
    """The lines of some entries."""
    return _csv(
        [
            formats.date_format(timezone.localtime(line.when), "Y-m-d H:i:s"),
            line.who,
            line.login,
            line.action,
            line.kind,
            line.about,
            "; ".join(f"{name}: {before or '—'} → {after or '—'}" for name, before, after in line.changes),
            line.address,
        ]
        for line in lines
    )


def _csv(table: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([map(_harmless, row) for row in table])
    return out.getvalue()


def _harmless(text: str) -> str:
    """What begins like a formula would be run by the table program: a patient's name may be anything."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
