"""The card that a direction is written for."""

from __future__ import annotations

from directions.exceptions import CardNotUsable
from lmis.models import Lpu
from patients.models import Patient


def lock_card(patient: Patient, lpu: Lpu) -> Patient:
    """The card, locked and read afresh; it must be in use at this LPU of ours. Raises CardNotUsable."""
    # It may be merged away while a direction is written for it:
    # merging locks the row, too, so whoever comes second sees what the first has done.
    rows = Patient.objects.select_related("lpu").select_for_update(of=("self",), no_key=True)
    patient = rows.get(pk=patient.pk)
    if patient.state != Patient.State.ACTIVE or patient.lpu != lpu or not patient.lpu.is_own:
        raise CardNotUsable
    return patient
