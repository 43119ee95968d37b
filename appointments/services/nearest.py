"""Where else one could book: offered with every refusal of a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from appointments.models import Slot
from appointments.querysets import SlotQuerySet

OFFERED = 5


def nearest_free(
    *,
    slot: Slot,
    channels: Collection[str],
    now: dt.datetime,
    limit: int = OFFERED,
    among: SlotQuerySet | None = None,
) -> list[Slot]:
    """Up to `limit` free slots open to these channels: of the same doctor first, then of the speciality in the LPU.

    In: `among` narrows it to what the caller may see, and says what else to load. Nearest to the asked-for time means
    the earliest from now on, in order of time. At most two statements.
    """
    free = (Slot.objects.all() if among is None else among).free(now).open_to(channels).exclude(pk=slot.pk)
    doctor = slot.doctor
    same = list(free.filter(doctor=doctor).order_by("begin")[:limit])
    if len(same) == limit:
        return same
    colleagues = free.filter(doctor__speciality=doctor.speciality_id, doctor__lpu=doctor.lpu_id)
    return same + list(colleagues.exclude(doctor=doctor).order_by("begin", "pk")[: limit - len(same)])
