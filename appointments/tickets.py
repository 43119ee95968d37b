"""The code on a ticket: digits only, for a scanner that types turns letters into Cyrillic under a Russian layout.

An EAN-13: a 2, which shops and clinics keep for themselves, eleven digits of the appointment's key, the check digit.
The key says nothing about the patient, and without a right to look it opens nothing.
"""

from __future__ import annotations

import re
from itertools import cycle, groupby

from barcode.ean import EAN13

from appointments.models import Appointment

_PREFIX, _DIGITS = "2", 11
_CODE = re.compile(rf"{_PREFIX}[0-9]{{{_DIGITS + 1}}}")


def code_of(appointment: Appointment) -> str:
    """The thirteen digits of this appointment's ticket."""
    body = f"{_PREFIX}{appointment.pk:0{_DIGITS}d}"
    return body + _check_digit(body)


def pk_of(code: str) -> int | None:
    """The key of the appointment whose ticket bears this code; None for anything that is no such code.

    Spaces around and inside are forgiven: the digits are printed in groups, and somebody may type them.
    """
    digits = re.sub(r"\s", "", code)
    if not _CODE.fullmatch(digits) or _check_digit(digits[:-1]) != digits[-1]:
        return None
    return int(digits[len(_PREFIX) : -1])


def bars_of(code: str) -> str:
    """The code's black bars as the `d` of an SVG path: one unit a module, 95 wide, 1 high."""
    bars, place = [], 0
    for module, run in groupby(EAN13(code).build()[0]):
        width = len(list(run))
        if module == "1":
            bars.append(f"M{place} 0h{width}v1h-{width}z")
        place += width
    return "".join(bars)


def _check_digit(body: str) -> str:
    """Of twelve digits, as GS1 has it: weights 1 and 3 in turn, the complement to ten."""
    total = sum(int(digit) * weight for digit, weight in zip(body, cycle((1, 3)), strict=False))
    return str(-total % 10)
