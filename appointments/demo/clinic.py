"""Writes the clinic of the demo: LPUs, departments, rooms, doctors, and the patients' cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from appointments.demo import cast, people
from appointments.demo.guids import guid_of
from lmis import nsi
from lmis.actors import SYSTEM
from lmis.models import Department, DictionaryCode, Doctor, Lpu, Position, Room, Speciality
from lmis.models.dictionaries import DictionaryEntry
from lmis.services import nsi_files, nsi_loading
from patients.models import Patient

T = TypeVar("T")
_Entry = TypeVar("_Entry", bound=DictionaryEntry)


def build(own_guid: UUID) -> Lpu:
    """All of it in a dozen statements, inside the caller's transaction; returns the own LPU."""
    for path in sorted(nsi_files.SHIPPED.glob("*.csv")):
        nsi_loading.load(path=path, by=SYSTEM, now=timezone.now())
    me, others = cast.cast_of(own_guid)
    lpu = _lpu(me, is_own=True)
    for other in others:
        _lpu(other, is_own=False)
    _doctors(lpu)
    _cards(lpu)
    return lpu


def entry(model: type[_Entry], name: str, *, oid: str = "") -> _Entry:
    """The entry with this name: one that is there, else a new one, as the dictionary `oid` has it if that has it."""
    known = model._default_manager.filter(name=name).order_by("-code").first()
    if known is not None:
        return known
    told = DictionaryCode.objects.of(oid).filter(name=name).first()
    of_it = {"oid": oid, "version": told.version, "code": told.code} if told else {}
    return model._default_manager.create(name=name, **of_it)


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
        ogrn=cast.OGRN if is_own else "",
        ticket_note=cast.TICKET_NOTE if is_own else "",
    )


def _doctors(lpu: Lpu) -> None:
    """Numbered through all specialities, in the order of the cast."""
    room_of = _remembered(lambda number: room(lpu, number))
    department_of = _remembered(
        lambda name: Department.objects.create(
            lpu=lpu, name=name, address=cast.BRANCHES.get(name, lpu.address), head=cast.HEADS.get(name, "")
        )
    )
    doctors: list[Doctor] = []
    for field in cast.FIELDS:
        speciality = entry(Speciality, field.speciality, oid=nsi.SPECIALITIES)
        position = entry(Position, field.position, oid=nsi.POSITIONS)
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
