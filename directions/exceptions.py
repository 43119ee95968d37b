"""Refusals of directions; those of the API with the contract's codes (§2.2)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lmis.exceptions import Refusal


class DirectionNotFound(Refusal):
    """No such direction, or another patient's."""

    status = 404
    code = "direction_not_found"
    message = _("There is no such direction.")


class DirectionMismatch(Refusal):
    """Known with another patient or another referring LPU."""

    status = 409
    code = "direction_mismatch"
    message = _("This direction is known with another patient or another referring institution.")


class DirectionCancelled(Refusal):
    """Cancelled, as far as this LMIS knows."""

    status = 409
    code = "direction_cancelled"
    message = _("The direction has been cancelled.")


class DirectionExpired(Refusal):
    """Its last day is over; refused only with `CHECK_DIRECTION_EXPIRY`."""

    status = 409
    code = "direction_expired"
    message = _("The direction has expired.")


class SpecialityMismatch(Refusal):
    """To another speciality than the doctor's; refused only with `CHECK_DIRECTION_SPECIALITY`."""

    status = 409
    code = "speciality_mismatch"
    message = _("The direction is to a doctor of another speciality.")


class DirectionInUse(Refusal):
    """Staff only: a live appointment exists for it, so it cannot be cancelled."""

    status = 409
    code = "direction_in_use"
    message = _("There is an appointment for this direction. Cancel the appointment first.")


class DirectionKnown(Refusal):
    """Staff only: the paper at the desk is a direction that we know already."""

    status = 409
    code = "direction_known"
    message = _("This direction is already known here: the same institution, number and patient.")
