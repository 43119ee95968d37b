"""Export of cards as CSV or XLSX: in pages, so that memory stays flat, and every card is noted as exported."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from openpyxl import Workbook

from lmis.actors import Actor
from lmis.models import Lpu
from lmis.services import access
from lmis.text import clean_text
from patients.models import Patient
from patients.querysets import PatientQuerySet

PAGE = 2000
MOST_IN_A_WORKBOOK = 50_000  # rows; more takes longer than anybody waits at a page
COLUMNS = (
    "card_number",
    "family",
    "name",
    "patronymic",
    "birth_date",
    "sex",
    "snils",
    "polis_series",
    "polis_number",
    "insurer",
    "document_series",
    "document_number",
    "phone",
    "address",
    "district",
    "attached_on",
    "representative",
    "representative_phone",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cards: those in use of these LPUs, of one district if one is given, attached on these days."""

    lpus: Collection[Lpu]
    district: str = ""
    attached_from: dt.date | None = None
    attached_to: dt.date | None = None

    def cards(self) -> PatientQuerySet:
        """Them."""
        found = Patient.objects.filter(lpu__in=self.lpus).live()
        if self.district:
            found = found.filter(district=self.district)
        if self.attached_from:
            found = found.filter(attached_on__gte=self.attached_from)
        if self.attached_to:
            found = found.filter(attached_on__lte=self.attached_to)
        return found


def as_csv(*, chosen: Chosen, by: Actor) -> Iterator[bytes]:
    """The file piece by piece, as Excel opens it in Russia: a mark of UTF-8, semicolons."""
    writer = csv.writer(Echo(), delimiter=";")
    yield b"\xef\xbb\xbf" + writer.writerow(header()).encode()
    for page in _pages(chosen, by):
        yield "".join(writer.writerow(row) for row in page).encode()


def as_workbook(*, chosen: Chosen, by: Actor, file: IO[bytes]) -> None:
    """Write the workbook into a file. Up to `MOST_IN_A_WORKBOOK` cards: look at `fits_workbook` first."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(header())
    for page in _pages(chosen, by):
        for row in page:
            sheet.append(row)
    book.save(file)


def fits_workbook(chosen: Chosen) -> bool:
    """Whether a workbook can take so many; one bounded statement."""
    return chosen.cards().order_by()[: MOST_IN_A_WORKBOOK + 1].count() <= MOST_IN_A_WORKBOOK


def header() -> list[str]:
    """The columns in words; an import knows them again."""
    return [str(Patient._meta.get_field(name).verbose_name) for name in COLUMNS]  # type: ignore[union-attr]


def _pages(chosen: Chosen, by: Actor) -> Iterator[list[list[str]]]:
    last = 0
    while page := list(chosen.cards().filter(pk__gt=last).order_by("pk").values_list("pk", "guid", *COLUMNS)[:PAGE]):
        last = page[-1][0]
        access.note(by=by, what=access.What.EXPORTED, cards=[row[1] for row in page], screen="export")
        yield [[harmless(value) for value in row[2:]] for row in page]


def harmless(value: Any) -> str:
    """Text; what a spreadsheet would take for a formula is quoted, for a name may come from anywhere.

    Without control characters first: a workbook refuses them as a whole, and behind one may stand a formula.
    """
    if isinstance(value, dt.date):
        return f"{value:%d.%m.%Y}"
    text = clean_text(str(value or ""), lines=True)
    return f"'{text}" if text.startswith(_FORMULAS) else text


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def unquoted(cells: Iterable[str]) -> list[str]:
    """The cells of an export as they were; an import reads them so."""
    return [cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULAS) else cell for cell in cells]
