"""The refused cards as a CSV file, by reason: numbers and codes, nothing personal."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from lmis.actors import Actor
from patients.models import CardUpload
from patients.services import exchange_words
from patients.services.exporting import Echo, harmless

PAGE = 2000
READ = [f.name for f in CardUpload._meta.concrete_fields if f.name != "patient"]
READ += ["patient__card_number", "patient__guid", "patient__lpu__short_name"]


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
        .select_related("patient__lpu")
        .only(*READ)
    )
    for upload in rows.iterator(chunk_size=PAGE):
        yield writer.writerow([harmless(value) for value in _cells(upload)]).encode()


def _cells(upload: CardUpload) -> list[object]:
    last, faults = upload.last_attempt_at, exchange_words.faults_of(upload)
    return [
        str(exchange_words.name_of(upload.state)),
        exchange_words.plain(upload.error_code),
        _together(one.reason for one in faults),
        _together(one.field for one in faults),
        upload.patient.lpu.short_name,
        upload.patient.card_number,
        upload.patient.guid,
        upload.attempts,
        f"{last.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if last else "",
    ]


def _together(words: Iterable[str]) -> str:
    """Each once, in the order of the MIP."""
    return "; ".join(dict.fromkeys(word for word in words if word))
