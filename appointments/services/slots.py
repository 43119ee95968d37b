"""What staff do to places of the schedule: closing, opening, taking out, putting back, changing what they allow.

A place that is taken stays taken: its appointments are untouched, and the caller is told how many there are.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from appointments import locks
from appointments.models import Appointment, Slot
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import BusyType, Room
from lmis.rows import constraint_of

logger = logging.getLogger(__name__)
Withdrawn = Slot.Withdrawn


class SlotOverlaps(Refusal):
    """Staff only: the API lays no slots."""

    status = 409
    code = "slot_overlaps"
    message = _("The doctor has another place in the schedule at this time. Choose another time.")


class PlacesTaken(Refusal):
    """Staff only: likewise."""

    status = 409
    code = "places_taken"
    message = _("More patients are booked than that. Move or cancel some of them first.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the places asked for: how many were changed, how many had begun or needed no change, and how many
    appointments are in the changed ones."""

    changed: int
    left: int
    appointments: int


def block(*, guids: Collection[UUID], reason: str, by: Actor, now: dt.datetime) -> Outcome:
    """Close upcoming places to everybody until they are unblocked. Raises SlotNotFound; then nothing has changed."""
    values = {"is_blocked": True, "block_reason": reason}
    return _change(guids, values, lambda slot: not slot.is_blocked, "blocked", by, now)


def unblock(*, guids: Collection[UUID], by: Actor, now: dt.datetime) -> Outcome:
    """Open blocked upcoming places again. Raises SlotNotFound."""
    values = {"is_blocked": False, "block_reason": ""}
    return _change(guids, values, lambda slot: slot.is_blocked, "unblocked", by, now)


def withdraw(*, guids: Collection[UUID], reason: str, by: Actor, now: dt.datetime) -> Outcome:
    """Take upcoming places out of the schedule; the generator never brings back what a person withdrew.

    Raises SlotNotFound.
    """
    values = {"withdrawn": Withdrawn.STAFF, "block_reason": reason}
    return _change(guids, values, lambda slot: slot.withdrawn != Withdrawn.STAFF, "withdrawn", by, now)


def put_back(*, guids: Collection[UUID], by: Actor, now: dt.datetime) -> Outcome:
    """Put withdrawn upcoming places back into the schedule. Raises SlotNotFound, SlotOverlaps."""
    values = {"withdrawn": Withdrawn.NO, "block_reason": ""}
    try:
        return _change(guids, values, lambda slot: bool(slot.withdrawn), "put back", by, now)
    except IntegrityError as error:
        if constraint_of(error) != "slot_no_overlap":
            raise
        raise SlotOverlaps from error


def revise(
    *, guid: UUID, capacity: int, channels: Collection[str], busy_type: BusyType | None, room: Room | None, by: Actor
) -> Slot:
    """Change how many patients a place takes, through which channels, for what and where.

    A channel that is taken away here is not opened again when the place opens to more; the others still are.
    Raises SlotNotFound, and PlacesTaken for a capacity below what is booked.
    """
    with transaction.atomic(savepoint=False):
        slot = locks.lock_slots([guid])[guid]
        if slot.booked > capacity + slot.overbooked:
            raise PlacesTaken
        later = [one for one in slot.release_channels if one not in channels and one not in slot.channels]
        slot.release_at, slot.release_channels = (slot.release_at if later else None), later
        slot.capacity, slot.channels, slot.busy_type, slot.room = capacity, list(channels), busy_type, room
        slot.save(update_fields=["capacity", "channels", "busy_type", "room", "release_at", "release_channels"])
    logger.info("slot %s revised by %s", guid, by)
    return slot


def _change(
    guids: Collection[UUID],
    values: Mapping[str, object],
    concerns: Callable[[Slot], bool],
    verb: str,
    by: Actor,
    now: dt.datetime,
) -> Outcome:
    """Write these values to the upcoming ones among the slots that they concern; all of them or none."""
    with transaction.atomic(savepoint=False):
        slots = locks.lock_slots(guids)
        concerned = [slot for slot in slots.values() if slot.begin > now and concerns(slot)]
        for slot in concerned:  # one by one, for the journal
            for name, value in values.items():
                setattr(slot, name, value)
            slot.save(update_fields=list(values))
        appointments = Appointment.objects.filter(slot__in=concerned, state=Appointment.State.BOOKED).count()
    logger.info("%d slots %s by %s", len(concerned), verb, by)
    return Outcome(len(concerned), len(slots) - len(concerned), appointments)
