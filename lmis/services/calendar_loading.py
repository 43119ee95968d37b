"""The calendar's file: rows of checked days, with where they come from."""

from __future__ import annotations

import csv
import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lmis.actors import Actor
from lmis.models import CalendarDay

logger = logging.getLogger(__name__)

DEFAULT = Path(__file__).resolve().parent.parent / "data" / "calendar_ru.csv"
COLUMNS = ("date", "kind", "name", "moved_from", "preliminary", "source", "checked")
_COMPARED = ("kind", "name", "moved_from", "is_preliminary", "source")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file brought, in days."""

    added: int
    changed: int
    same: int


def read(path: Path) -> list[dict[str, Any]]:
    """The file's rows as values of CalendarDay, none of them written yet.

    The columns are `COLUMNS`; `checked` is the day on which somebody held the row against its source, for the readers
    of the file. Raises ValidationError with the line's number, also for a day that stands there twice.
    """
    rows: dict[dt.date, dict[str, Any]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValidationError(
                _("The first line must name the columns: %(columns)s."), params={"columns": ",".join(COLUMNS)}
            )
        for row in reader:
            values = _values(row, reader.line_num)
            if values["date"] in rows:
                raise _bad(reader.line_num, _("this date was there before"))
            rows[values["date"]] = values
    return list(rows.values())


def load(*, path: Path, by: Actor) -> Loaded:
    """Bring the calendar up to the file: all of its days or none. Days that the file does not name stay as they are.

    Raises ValidationError as `read`; then nothing has changed.
    """
    rows = read(path)
    added = changed = 0
    with transaction.atomic():
        known = {day.date: day for day in CalendarDay.objects.filter(date__in=[row["date"] for row in rows])}
        for values in rows:
            day = known.get(values["date"])
            if day is None:
                CalendarDay.objects.create(**values)
                added += 1
            elif differing := [name for name in _COMPARED if getattr(day, name) != values[name]]:
                for name in differing:
                    setattr(day, name, values[name])
                day.save(update_fields=differing)
                changed += 1
    logger.info("calendar loaded by %s: %d days new, %d changed", by, added, changed)
    return Loaded(added, changed, len(rows) - added - changed)


def add_missing(calendar_day: Any, rows: Iterable[dict[str, Any]]) -> None:
    """For a migration, with its own model: what is there already, perhaps edited, stays."""
    calendar_day.objects.bulk_create([calendar_day(**values) for values in rows], ignore_conflicts=True)


def _values(row: dict[str, Any], line: int) -> dict[str, Any]:
    try:
        moved_from = row["moved_from"]
        values = {
            "date": dt.date.fromisoformat(row["date"]),
            "kind": row["kind"],
            "name": row["name"].strip(),
            "moved_from": dt.date.fromisoformat(moved_from) if moved_from else None,
            "is_preliminary": {"0": False, "1": True}[row["preliminary"]],
            "source": row["source"].strip(),
        }
        dt.date.fromisoformat(row["checked"])
        CalendarDay(**values).full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise _bad(line, " ".join(error.messages)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(
            line, _("dates are written 2026-01-31, preliminary is 0 or 1, and no column may be missing")
        ) from error
    return values


def _bad(line: int, why: str) -> ValidationError:
    return ValidationError(_("Line %(line)d: %(why)s"), params={"line": line, "why": why}, code="invalid")
