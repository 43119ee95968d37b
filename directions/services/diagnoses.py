"""Diagnoses that staff write: a code of ICD-10, checked by its form alone, since no list of codes comes with us."""

from __future__ import annotations

import re
from dataclasses import replace

from directions.exceptions import DiagnosisMalformed
from patients.info import Coded

# A letter, two digits and, behind a point, what is more exact; marked neither as cause (+) nor as what it shows in (*).
_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,3})?")


def checked(diagnosis: Coded) -> Coded:
    """The diagnosis with its code as ICD-10 writes it; one without a code, or none at all, is left as it is.

    `i10,1` is `I10.1`. Raises DiagnosisMalformed.
    """
    code = "".join(diagnosis.code.split()).upper().replace(",", ".")
    if code and not _CODE.fullmatch(code):
        raise DiagnosisMalformed
    return replace(diagnosis, code=code, name=" ".join(diagnosis.name.split()))
