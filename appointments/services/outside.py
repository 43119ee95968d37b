"""The schedule as the region sees it: what patients can book by themselves."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from appointments.models import Slot
from lmis.models import Doctor
from lmis.services import outside, traffic
from lmis.services.outside import SOON, Free, Horizon, Seen


def register() -> None:
    """Tell the operators' side of it, and which calls are polls of the schedule and which are bookings."""
    outside.read_by(seen)
    traffic.POLLS.update({("GET", "api/schedule"), ("GET", "api/resources/<guid:guid>/schedule")})
    traffic.BOOKINGS.update({("POST", "api/appointments"), ("POST", "api/dir/appointments")})


def seen(now: datetime) -> Seen:
    """Free Internet places by speciality, published doctors without slots, days left. Two statements."""
    doctors = list(Doctor.objects.published().filter(lpu__is_own=True).with_titles().order_by("family", "pk"))
    rows = {row["doctor"]: row for row in Slot.objects.of_published(now=now, until=now + SOON)}
    without = [doctor for doctor in doctors if doctor.pk not in rows or not rows[doctor.pk]["slots"]]
    return Seen(_free(doctors, rows), without, _horizons(doctors, rows, now))


def _free(doctors: list[Doctor], rows: dict[int, dict[str, Any]]) -> list[Free]:
    places: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for doctor in doctors:
        name = doctor.speciality.name
        count[name] += 1
        places[name] += rows[doctor.pk]["free"] if doctor.pk in rows else 0
    return [Free(name, places[name], count[name]) for name in sorted(count)]


def _horizons(doctors: list[Doctor], rows: dict[int, dict[str, Any]], now: datetime) -> list[Horizon]:
    found = []
    for lpu in {doctor.lpu_id: doctor.lpu for doctor in doctors}.values():
        last = [rows[doctor.pk]["last"] for doctor in doctors if doctor.lpu_id == lpu.pk and doctor.pk in rows]
        until = max(last, default=None)
        days = (until - now.astimezone(lpu.tz).date()).days if until else 0
        found.append(Horizon(lpu, until, days))
    return sorted(found, key=lambda one: one.lpu.short_name)
