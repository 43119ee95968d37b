"""What a slot shows of its doctor, room and busy type is stamped on it; here is who restamps.

Proxies only carry the triggers: the tables belong to `lmis`, the knowledge that slots exist belongs here.
Past slots keep what was true then.
"""

from __future__ import annotations

from typing import Any

import pgtrigger

from appointments.models.triggers import BUSY_TYPE_RESTAMP, DOCTOR_RESTAMP, ROOM_RESTAMP
from lmis.models import BusyType, Doctor, Room


def _after_update(name: str, func: str, declare: list[tuple[str, str]] | None = None) -> Any:
    return pgtrigger.Trigger(name=name, when=pgtrigger.After, operation=pgtrigger.Update, declare=declare, func=func)


class StampingDoctor(Doctor):
    """A doctor's being shown and room."""

    class Meta:
        proxy = True
        triggers = [
            _after_update(
                "doctor_restamps_slots",
                DOCTOR_RESTAMP,
                [("moved", "boolean"), ("shown", "boolean"), ("label", "text")],
            )
        ]


class StampingRoom(Room):
    """A room's number."""

    class Meta:
        proxy = True
        triggers = [_after_update("room_restamps_slots", ROOM_RESTAMP)]


class StampingBusyType(BusyType):
    """A busy type's code and name."""

    class Meta:
        proxy = True
        triggers = [_after_update("busy_type_restamps_slots", BUSY_TYPE_RESTAMP)]
