"""A direction as it is told to us: by the region, on paper, or by our own doctor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from patients.info import Coded

if TYPE_CHECKING:
    from lmis.models import Doctor, Position, Speciality

UNKNOWN = Coded()


@dataclass(frozen=True, slots=True)
class DirectionInfo:
    """The contract's ConsultDirection: texts trimmed, what was not sent is blank or None, the date is aware."""

    guid: UUID
    lpu_from_guid: UUID
    lpu_to_guid: UUID
    number: str = ""
    reason: str = ""
    speciality: Coded = UNKNOWN
    date_direction: dt.datetime | None = None
    diagnosis: Coded = UNKNOWN

    def columns(self) -> dict[str, Any]:
        """Its medical part as columns of Direction."""
        return {
            "number": self.number,
            "reason": self.reason,
            **_parts("speciality", self.speciality),
            **_parts("diagnosis", self.diagnosis),
        }


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """The contract's DirectionDoctorInfo: whoever wrote the direction, as known then."""

    guid: UUID | None = None
    family: str = ""
    name: str = ""
    patronymic: str = ""
    position: Coded = UNKNOWN
    speciality: Coded = UNKNOWN

    @classmethod
    def of_doctor(cls, doctor: Doctor) -> SenderInfo:
        """A snapshot of our own doctor."""
        return cls(
            guid=doctor.guid,
            family=doctor.family,
            name=doctor.name,
            patronymic=doctor.patronymic,
            position=of_entry(doctor.position),
            speciality=of_entry(doctor.speciality),
        )

    def columns(self) -> dict[str, Any]:
        """The snapshot as columns of Direction."""
        return {
            "sender_guid": self.guid,
            "sender_family": self.family,
            "sender_name": self.name,
            "sender_patronymic": self.patronymic,
            **_parts("sender_position", self.position),
            **_parts("sender_speciality", self.speciality),
        }


UNKNOWN_SENDER = SenderInfo()


def what(speciality: Speciality | None, diagnosis: Coded) -> dict[str, str]:
    """The columns that say to whom and why; the speciality is one of ours, kept as it is called now."""
    known = of_entry(speciality) if speciality else UNKNOWN
    return {**_parts("speciality", known), **_parts("diagnosis", diagnosis)}


def of_entry(entry: Speciality | Position) -> Coded:
    """An entry of our own directories, with the dictionary that it comes from."""
    return Coded(entry.code, entry.name, entry.oid, entry.version)


def _parts(column: str, coded: Coded) -> dict[str, str]:
    parts = ("code", "name", "oid", "version")
    return {f"{column}_{part}": getattr(coded, part) for part in parts}
