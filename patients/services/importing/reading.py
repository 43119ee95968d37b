"""The rows of a file: CSV in the encodings and with the separators that clinics use, or XLSX. One row at a time."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from lmis.exceptions import Refusal
from lmis.text import clean_text
from patients.services.exporting import unquoted
from patients.services.importing.columns import known

LONGEST_CELL = 1000
MOST_COLUMNS = 100
_LOOK = 1 << 20  # bytes by which the encoding is told
_TOP = 20  # rows among which the headings are: a list often begins with its title, its date and the clinic's name
_WIDEST = MOST_COLUMNS * LONGEST_CELL  # characters of a line by which the separator is told
_SEPARATORS = ";\t,|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class NotReadable(Refusal):
    """The file is neither of the two kinds, or broken. Never from the API."""

    status = 400
    message = _("This file cannot be read. Save it as XLSX or as CSV and try again.")


def rows_of(path: Path) -> Iterator[list[str]]:
    """Every row of the file, blank ones too, all as trimmed texts. Raises NotReadable, at any row."""
    with path.open("rb") as file:
        start = file.read(_LOOK)
    try:
        found = _workbook(path) if start.startswith(b"PK\x03\x04") else _csv(path, start)
        for row in found:
            cells = unquoted(_text(cell) for cell in row[:MOST_COLUMNS])
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    except (BadZipFile, InvalidFileException, UnicodeError, csv.Error, KeyError, ValueError, OSError) as error:
        raise NotReadable from error


def under_headings(rows: Iterator[list[str]]) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The row of headings, and each row below it that is not blank, with its line in the file.

    The headings are the row with most of those we know, the first one when none has any. Raises NotReadable.
    """
    numbered = ((line, row) for line, row in enumerate(rows, 1) if row)
    top = list(islice(numbered, _TOP))
    if not top:
        raise NotReadable
    at = max(range(len(top)), key=lambda index: known(top[index][1]))
    return top[at][1], chain(top[at + 1 :], numbered)


def _csv(path: Path, start: bytes) -> Iterator[Any]:
    encoding = encoding_of(start)
    with path.open(encoding=encoding, newline="") as file:
        separator = _separator_of([file.readline(_WIDEST) for _row in range(_TOP)])
        file.seek(0)
        yield from csv.reader(file, delimiter=separator)


def _separator_of(lines: list[str]) -> str:
    """The one that shows most headings we know; where none shows any, the one that is in the first line most often."""
    return max(_SEPARATORS, key=lambda one: (max(known(line.split(one)) for line in lines), lines[0].count(one)))


def encoding_of(start: bytes) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 when it is such, else the Windows code page of Cyrillic."""
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)  # incremental: a letter may be cut in two at the end
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def _workbook(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:  # a bare path must end in .xlsx
        book = load_workbook(file, read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime | dt.date):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(clean_text(str(cell)).split())[:LONGEST_CELL]
