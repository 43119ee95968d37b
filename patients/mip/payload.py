"""The body of an upload (contract §4)."""

from __future__ import annotations

from typing import Any

from lmis.text import polis_number
from patients.models import Patient


def payload(patient: Patient) -> dict[str, Any]:
    """The card as the MIP takes it: plain JSON values, blanks are "", dates ISO 8601 or null.

    A polis goes without spaces, however the card has it: by its number the region knows the patient.
    Takes a card with `lpu` and `merged_into` loaded. Every column read here is one of `UPLOADED_COLUMNS`.
    """
    return {
        "lpuGuid": str(patient.lpu.guid),
        "version": patient.version,
        "state": patient.state,
        "mergedInto": str(patient.merged_into.guid) if patient.merged_into else None,
        "cardNumber": patient.card_number,
        "family": patient.family,
        "name": patient.name,
        "patronymic": patient.patronymic,
        "birthDate": patient.birth_date.isoformat() if patient.birth_date else None,
        "sex": patient.sex,
        "snils": patient.snils,
        "polis": {
            "series": polis_number(patient.polis_series),
            "number": polis_number(patient.polis_number),
            "type": {"code": patient.polis_type_code, "name": patient.polis_type_name},
        },
        "identityDocument": {
            "series": patient.document_series,
            "number": patient.document_number,
            "type": {"code": patient.document_type_code, "name": patient.document_type_name},
        },
        "phone": patient.phone,
        "address": patient.address,
    }
