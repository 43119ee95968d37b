"""Refusals of directions; those of the API with the contract's codes (§2.2)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lmis.exceptions import Refusal


class DirectionNotFound(Refusal):
    """No such direction, or another patient's."""

    status = 404
    code = "direction_not_found"
    message = _("There is no such direction.")
    for_staff = _("There is no such direction any more. Refresh the page and choose another one, or enter the paper.")


class DirectionMismatch(Refusal):
    """Known with another patient or another referring LPU."""

    status = 409
    code = "direction_mismatch"
    message = _("This direction is known with another patient or another referring institution.")
    for_staff = _(
        "This direction is known with another patient or another referring institution. Compare it with the paper."
    )


class DirectionCancelled(Refusal):
    """Cancelled, as far as this LMIS knows."""

    status = 409
    code = "direction_cancelled"
    message = _("The direction has been cancelled.")
    for_staff = _("The direction has been cancelled. Ask the patient for another one, or book without a direction.")


class DirectionExpired(Refusal):
    """Its last day is over; refused only with `CHECK_DIRECTION_EXPIRY`."""

    status = 409
    code = "direction_expired"
    message = _("The direction has expired.")
    for_staff = _("The direction has expired. Ask the patient for a new one, or book without a direction.")


class SpecialityMismatch(Refusal):
    """To another speciality than the doctor's; refused only with `CHECK_DIRECTION_SPECIALITY`."""

    status = 409
    code = "speciality_mismatch"
    message = _("The direction is to a doctor of another speciality.")
    for_staff = _(
        "The direction is to a doctor of another speciality. Choose such a doctor, or book without a direction."
    )


class DirectionInUse(Refusal):
    """Staff only: a live appointment exists for it, so it cannot be cancelled."""

    status = 409
    code = "direction_in_use"
    message = _("There is an appointment for this direction. Cancel the appointment first.")


class ReferringLpuUnknown(Refusal):
    """Staff only: the paper names no institution, or one that the directory does not have."""

    status = 409
    code = "referring_lpu_unknown"
    message = _("Say which institution gave the direction: choose one from the directory, or write its name.")


class PaperOfTheFuture(Refusal):
    """Staff only: the date on the paper is yet to come."""

    status = 409
    code = "paper_of_the_future"
    message = _("The date of the direction is in the future. Look at the paper again.")


class DiagnosisMalformed(Refusal):
    """Staff only: what stands for a diagnosis is no code of ICD-10."""

    status = 409
    code = "diagnosis_malformed"
    message = _("A diagnosis is a Latin letter and two digits, as in I10 or J06.9, without + and *. Correct the code.")


class DoctorNotHere(Refusal):
    """Staff only: the doctor has left, or works at an LPU that is not ours."""

    status = 409
    code = "doctor_not_here"
    message = _("This doctor does not work here. Choose another one.")


class CardNotUsable(Refusal):
    """Staff only: the card is merged, withdrawn, or not one of the LPU that writes."""

    status = 409
    code = "card_not_usable"
    message = _("A direction needs a card in use at the institution where it is written. Look the patient up again.")


class LastDayOver(Refusal):
    """Staff only: the direction would have expired before it is written."""

    status = 409
    code = "last_day_over"
    message = _("The last day of the direction is over. Choose a later one.")


class NotFollowed(Refusal):
    """Staff only: our own appointments tell what came of it, or it was not written here."""

    status = 409
    code = "direction_not_followed"
    message = _("Only for directions issued here to an institution outside. For others the visit itself is marked.")
