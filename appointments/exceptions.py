"""Refusals of booking and cancelling, with the contract's codes (§2.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from appointments.examples import APPOINTMENT, NEAREST, OWN_APPOINTMENT
from lmis.exceptions import Refusal

if TYPE_CHECKING:
    from appointments.models import Appointment, Slot
    from patients.models import Patient


class SlotNotFound(Refusal):
    """No such slot, or one that was never shown to the outside."""

    status = 404
    code = "slot_not_found"
    message = _("There is no such place in the schedule.")
    for_staff = _("There is no such place in the schedule any more. Refresh the page and choose another one.")


class ResourceNotFound(Refusal):
    """No such doctor, or one that was never shown to the outside."""

    status = 404
    code = "resource_not_found"
    message = _("There is no such doctor.")
    for_staff = _("There is no such doctor any more. Refresh the page and choose another one.")


class AppointmentNotFound(Refusal):
    """No such appointment, or somebody else's."""

    status = 404
    code = "appointment_not_found"
    message = _("There is no such appointment.")
    for_staff = _("There is no such appointment any more. Refresh the page to see what the patient has now.")


class SlotRefusal(Refusal):
    """The slot cannot be booked; whoever translates offers the nearest free ones (`details.nearest`).

    Takes the slot and the channels open to the caller: only places that he may book are offered to him.
    """

    status = 409
    example: ClassVar[dict[str, Any]] = {"nearest": [NEAREST]}

    def __init__(self, slot: Slot, channels: Collection[str]) -> None:
        super().__init__()
        self.slot = slot
        self.channels = channels


class SlotTaken(SlotRefusal):
    """No place left."""

    code = "slot_taken"
    message = _("The place has just been taken. Choose another one.")
    for_staff = pgettext_lazy("on a screen", "The place has just been taken. Choose another one.")

    def __init__(self, slot: Slot, channels: Collection[str], patient: Patient | None = None) -> None:
        super().__init__(slot, channels)
        self.patient = patient


class FullSlot(Refusal):
    """Found full by the statement that locked it: `reason` reads, once all is rolled back, what to answer."""

    status = 409
    message = SlotTaken.message
    for_staff = SlotTaken.for_staff

    def __init__(self, reason: Callable[[], Refusal]) -> None:
        super().__init__()
        self.reason = reason


class SlotExpired(SlotRefusal):
    """The slot has begun."""

    code = "slot_expired"
    message = _("This time has already begun. Choose a later one.")


class SlotUnavailable(SlotRefusal):
    """Blocked or withdrawn by the clinic, or its doctor is hidden."""

    code = "slot_unavailable"
    message = _("The clinic has closed this place. Choose another one.")


class ChannelNotAllowed(Refusal):
    """The slot is not open to this source."""

    status = 403
    code = "channel_not_allowed"
    message = _("This place cannot be booked through this channel.")
    for_staff = _(
        "This place is not for the channel through which you book. Choose another place, or switch the channel."
    )
    example: ClassVar[dict[str, Any]] = {"channels": ["Registry", "CallCenter"]}

    def __init__(self, slot: Slot) -> None:
        super().__init__(details={"channels": list(slot.channels)})


class HeldAppointment(Refusal):
    """Somebody's appointment stands in the way; whoever translates shows it (`details.appointment`)."""

    status = 409

    def __init__(self, appointment: Appointment) -> None:
        super().__init__()
        self.appointment = appointment


class AlreadyBooked(HeldAppointment):
    """This patient already holds this slot."""

    code = "already_booked"
    message = _("The patient already has an appointment at this time with this doctor.")
    example: ClassVar[dict[str, Any]] = {"appointment": OWN_APPOINTMENT}
    for_staff = _(
        "The patient already has an appointment at this time with this doctor. Choose another time, or leave it so."
    )


class DirectionAlreadyBooked(HeldAppointment):
    """A live appointment exists for this direction."""

    code = "direction_already_booked"
    message = _("There is already an appointment for this direction. Cancel it first to book another one.")
    example: ClassVar[dict[str, Any]] = {"appointment": APPOINTMENT}


class WrongLpu(Refusal):
    """`lpuToGuid` is not an LPU of this LMIS, or not that of the slot's doctor."""

    status = 409
    code = "wrong_lpu"
    message = _("The direction is to another institution.")
    for_staff = _("The direction is to another institution. Send the patient there, or book without a direction.")


class AlreadyCancelled(Refusal):
    """Cancelled before."""

    status = 409
    code = "already_cancelled"
    message = _("The appointment has already been cancelled.")
    for_staff = _("The appointment has already been cancelled. If the patient needs it all the same, book again.")


class TooLateToCancel(Refusal):
    """Its time has come."""

    status = 409
    code = "too_late_to_cancel"
    message = _("It is too late to cancel this appointment.")
    for_staff = _("The time of this appointment has come, so it cannot be cancelled. Mark whether the patient came.")


class VisitDone(Refusal):
    """Visited or missed: nothing to cancel."""

    status = 409
    code = "visit_done"
    message = _("The visit is over: there is nothing to cancel.")
    for_staff = _("The visit is over: there is nothing to cancel. If it was marked by mistake, take the mark back.")


class TooLateForMistake(Refusal):
    """Staff only: the API has no such method."""

    status = 409
    code = "too_late_for_mistake"
    message = _("A mistake can be taken back for two minutes only. Cancel the appointment with a reason.")


class NotOurMistake(Refusal):
    """Staff only: likewise."""

    status = 409
    code = "not_our_mistake"
    message = _("The patient made this booking, not the clinic. Cancel it with a reason.")


class NothingMoved(Refusal):
    """Staff only: the API moves nothing."""

    status = 409
    code = "nothing_moved"
    message = _("Nobody has moved this appointment in the last two minutes. Move it again instead.")


class OldPlaceGone(Refusal):
    """Staff only: likewise."""

    status = 409
    code = "old_place_gone"
    message = _("The old place is no longer free, so the appointment stays where it is now. Choose another place.")
