"""The refused cards as a CSV file, by reason: numbers and codes, nothing personal."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator

from django.utils.translation import gettext as _

from lmis.actors import Actor
from patients.models import CardUpload
from patients.services import exchange_words
from patients.services.exporting import Echo, harmless

PAGE = 2000


def header() -> list[str]:
    """The first line."""
    return [
        _("State"),
        _("Code"),
        _("Reason"),
        _("Field"),
        _("LPU"),
        _("Card number"),
        _("Card guid"),
        _("Attempts"),
        _("Last attempt (UTC)"),
    ]


def as_csv(*, by: Actor) -> Iterator[bytes]:
    """The file piece by piece, as Excel opens it in Russia; sorted by reason. Memory stays flat, however many.

    What the MIP wrote is left out: it may name the patient.
    """
    writer = csv.writer(Echo(), delimiter=";")
    yield b"\xef\xbb\xbf" + writer.writerow(header()).encode()
    rows = (
        CardUpload.objects.refused()
        .order_by("state", "error_code", "error_field", "pk")
        .values_list(
            "state",
            "error_code",
            "error_field",
            "patient__lpu__short_name",
            "patient__card_number",
            "patient__guid",
            "attempts",
            "last_attempt_at",
        )
    )
    for row in rows.iterator(chunk_size=PAGE):
        yield writer.writerow([harmless(value) for value in _cells(*row)]).encode()


def _cells(
    state: str, code: str, field: str, lpu: str, number: str, guid: object, attempts: int, last: dt.datetime | None
) -> list[object]:
    when = f"{last.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if last else ""
    name, plain = str(exchange_words.name_of(state)), exchange_words.plain(code)
    return [
        name,
        plain,
        exchange_words.reason_of(code),
        exchange_words.field_of(field),
        lpu,
        number,
        guid,
        attempts,
        when,
    ]
