"""Writes the clinic of the demo: LPUs, departments, rooms, doctors, and the patients' cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from appointments.demo import cast, people
from appointments.demo.guids import guid_of
from lmis.actors import SYSTEM
from lmis.models import Department, Doctor, Lpu, Position, Room, Speciality
from lmis.models.dictionaries import DictionaryEntry
from patients.models import Patient

T = TypeVar("T")
_Entry = TypeVar("_Entry", bound=DictionaryEntry)


def build(own_guid: UUID) -> Lpu:
    """All of it in a dozen statements, inside the caller's transaction; returns the own LPU."""
    me, others = cast.cast_of(own_guid)
    lpu = _lpu(me, is_own=True)
    for other in others:
        _lpu(other, is_own=False)
    _doctors(lpu)
    _cards(lpu)
    return lpu


def entry(model: type[_Entry], name: str, *, code: str = "", oid: str = "") -> _Entry:
    """The entry of that dictionary with this name; a loaded dictionary's own one before a new one."""
    known = model._default_manager.filter(name=name).order_by("-code").first()
    return known or model._default_manager.create(name=name, code=code, oid=oid)


def room(lpu: Lpu, number: str) -> Room:
    """The room with this number; its first digit tells the floor."""
    return Room.objects.get_or_create(lpu=lpu, number=number, defaults={"floor": number[0]})[0]


def _lpu(part: cast.LpuPart, *, is_own: bool) -> Lpu:
    return Lpu.objects.create(
        guid=part.guid,
        name=part.name,
        short_name=part.short_name,
        address=part.address,
        phone=part.phone,
        is_own=is_own,
    )


def _doctors(lpu: Lpu) -> None:
    """Numbered through all specialities, in the order of the cast."""
    room_of = _remembered(lambda number: room(lpu, number))
    department_of = _remembered(
        lambda name: Department.objects.create(lpu=lpu, name=name, address=cast.BRANCHES.get(name, lpu.address))
    )
    doctors: list[Doctor] = []
    for field in cast.FIELDS:
        post = cast.position_of(field)
        speciality = entry(Speciality, field.speciality)
        position = entry(Position, post.name, code=post.code, oid=cast.POSITIONS_OID if post.code else "")
        for name, number in zip(field.doctors, field.rooms, strict=True):
            family, first, patronymic = name.split()
            doctors.append(
                Doctor(
                    guid=guid_of(lpu.guid, "doctor", len(doctors)),
                    lpu=lpu,
                    family=family,
                    name=first,
                    patronymic=patronymic,
                    speciality=speciality,
                    position=position,
                    department=department_of(field.department),
                    room=room_of(number),
                )
            )
    Doctor.objects.bulk_create(doctors)


def _cards(lpu: Lpu) -> None:
    """One card a person; the triggers of the table write versions and what is to be uploaded."""
    Patient.objects.bulk_create(
        Patient(
            guid=guid_of(lpu.guid, "patient", number),
            lpu=lpu,
            card_number=f"{number + 1:05d}",
            created_by=SYSTEM.label,
            changed_by=SYSTEM.label,
            **info.columns(),
        )
        for number, info in enumerate(people.people())
    )


def _remembered(make: Callable[[str], T]) -> Callable[[str], T]:
    """`make`, called once for each name."""
    made: dict[str, T] = {}

    def get(name: str) -> T:
        if name not in made:
            made[name] = make(name)
        return made[name]

    return get
