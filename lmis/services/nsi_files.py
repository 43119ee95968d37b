"""The files of dictionaries: rows as text, looked at one by one and never held all at once."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lmis.exceptions import Refusal
from lmis.models import Dictionary, DictionaryCode
from lmis.nsi import DIAGNOSIS, ICD10

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "nsi"  # codes that have been checked, and no others
COLUMNS = ("oid", "version", "code", "name", "source", "date")
SHOWN_ERRORS = 20
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_LENGTHS: dict[str, int] = {
    name: model._meta.get_field(name).max_length  # type: ignore[union-attr,misc]
    for model, names in ((Dictionary, ("oid", "version", "source")), (DictionaryCode, ("code", "name")))
    for name in names
}


class FileRefused(Refusal):
    """Staff only: a dictionary's file has errors, and nothing of it was loaded; takes the errors, one a line."""

    status = 400
    code = "dictionary_file_refused"
    message = gettext_lazy("The file has errors; nothing of it was loaded. Correct these lines and load it again.")

    def __init__(self, lines: list[str]) -> None:
        super().__init__({"lines": lines})
        self.lines = lines


class Row(NamedTuple):
    """One line of the file."""

    line: int
    oid: str
    version: str
    code: str
    name: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """How to read a file that is not in our columns, such as the ministry's: what is in it, and where in it.

    Its other columns are left aside.
    """

    oid: str
    version: str
    source: str
    date: str
    code_column: str
    name_column: str


@dataclass(slots=True)
class Reading:
    """Goes through a file once; `skipped` counts the headings of ICD-10, which are no diagnoses."""

    path: Path
    foreign: Foreign | None = None
    skipped: int = 0
    errors: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The rows that are right, with their codes as they are to be stored.

        Raises FileRefused, at the end at the latest: the first errors, with the numbers of their lines.
        """
        try:
            yield from self._rows()
        except UnicodeDecodeError as error:
            raise FileRefused([_("The file is not in UTF-8. Save it in that encoding and load it again.")]) from error
        except csv.Error as error:
            raise FileRefused([_("The file is no CSV: %(why)s") % {"why": error}]) from error
        if self.errors:
            raise FileRefused(self.errors)

    def _rows(self) -> Iterator[Row]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            lines = csv.reader(file, delimiter=delimiter, strict=True)
            columns = [name.strip() for name in next(lines, [])]
            self._check_columns(columns)
            for cells in lines:
                row = self._row(lines.line_num, dict(zip(columns, cells, strict=False)), len(cells) == len(columns))
                if row is not None:
                    yield row

    def _check_columns(self, columns: list[str]) -> None:
        """All that we need; in our own format nothing else and nothing twice."""
        needed = [self.foreign.code_column, self.foreign.name_column] if self.foreign else list(COLUMNS)
        missing = [name for name in needed if name not in columns]
        unknown = [] if self.foreign else sorted(set(columns) - set(COLUMNS))
        if missing or unknown or len(set(columns)) < len(columns):
            shown = {"found": ", ".join(columns) or "—", "needed": ", ".join(needed)}
            raise FileRefused([_("The first line names the columns %(found)s; needed are %(needed)s.") % shown])

    def _row(self, line: int, cells: dict[str, str], is_whole: bool) -> Row | None:
        """The row, or None for an empty line, a heading, or one that is wrong and has been noted."""
        if not any(value.strip() for value in cells.values()):
            return None
        if not is_whole:
            self._wrong(line, _("the number of columns is not that of the first line"))
            return None
        row = self._told(line, {name: " ".join(value.split()) for name, value in cells.items()})
        wrong = _fault_of(row)
        if wrong:
            self._wrong(line, wrong)
            return None
        return self._diagnosis(row) if row.oid == ICD10 else row

    def _told(self, line: int, cells: dict[str, str]) -> Row:
        if self.foreign is None:
            return Row(line, **{name: cells[name] for name in COLUMNS})
        of = self.foreign
        return Row(line, of.oid, of.version, cells[of.code_column], cells[of.name_column], of.source, of.date)

    def _diagnosis(self, row: Row) -> Row | None:
        """Without the marks of ICD-10; headings are no diagnoses."""
        code = row.code.rstrip("+*")
        if DIAGNOSIS.fullmatch(code):
            return row._replace(code=code)
        self.skipped += 1
        return None

    def _wrong(self, line: int, why: str) -> None:
        """Note it; a file of another kind is not read to its end."""
        self.errors.append(_("Line %(line)d: %(why)s") % {"line": line, "why": why})
        if len(self.errors) == SHOWN_ERRORS:
            raise FileRefused([*self.errors, _("There may be more errors: these are the first.")])


def is_before(version: str, other: str) -> bool:
    """Whether a version is older than another; one that is not known is older than any."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")) if version else ()


def _fault_of(row: Row) -> str:
    """What is wrong with the row by itself; blank if nothing."""
    for name, longest in _LENGTHS.items():
        if len(getattr(row, name)) > longest:
            return _("%(column)s is longer than %(longest)d characters") % {"column": name, "longest": longest}
    blank = [name for name in ("oid", "name", "source", "date") if not getattr(row, name)]
    if blank:
        return _("%(columns)s is blank") % {"columns": ", ".join(blank)}
    if row.version and not _VERSION.fullmatch(row.version):
        return _("a version is numbers with points between, such as 2.13")
    if any("\0" in part for part in row[1:]):
        return _("there is a character in it that no text has")
    try:
        dt.date.fromisoformat(row.date)
    except ValueError:
        return _("a date is written 2026-01-31")
    return ""
