"""Refusals about patients, with the contract's codes (§2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from lmis.exceptions import Refusal

if TYPE_CHECKING:
    from patients.models import Patient


class PatientNotFound(Refusal):
    """No live card here of the person whom the token names."""

    status = 404
    code = "patient_not_found"
    message = _("This patient has no card here.")


class PatientAmbiguous(Refusal):
    """Cards match the documents, but none, or several, match the names."""

    status = 409
    code = "patient_ambiguous"
    message = _("These documents belong to another patient, or to several. The registry desk can help.")


class CardExists(Exception):
    """Staff or an import would make a second card of one person; `card` is the first one. Not for the API."""

    def __init__(self, card: Patient) -> None:
        super().__init__()
        self.card = card


class LpuNotOwn(Exception):
    """Cards are kept only for the LPUs that this LMIS serves."""
