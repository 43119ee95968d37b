"""What form 057/у says about a direction, and what is missing before it is printed.

The form is that of order 519н of 02.09.2025 (057/у-04 is abolished). We know which facts it asks for; the order's own
wording and layout have not been held against `templates/print/direction_057u.html`: see docs/staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from directions.models import Direction
from lmis.models import Lpu
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that the form asks for and nobody has entered: where that is done, if anywhere."""

    what: Any
    place: Any
    model: str = ""
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class Form057:
    """The facts, as they are printed; blank ones leave a line to write on."""

    direction: Direction
    patient: Patient
    lpu_from: Lpu
    lpu_to: Lpu
    polis: str
    doctor: str
    position: str
    head: str
    missing: list[Missing]


def form_of(direction: Direction) -> Form057:
    """In: a direction read `with_all_shown`. Statements: one for the doctor's department, if we wrote it."""
    patient, doctor = direction.patient, direction.doctor
    department = doctor.department if doctor else None
    return Form057(
        direction=direction,
        patient=patient,
        lpu_from=direction.lpu_from,
        lpu_to=direction.lpu_to,
        polis=" ".join(part for part in (patient.polis_series, patient.polis_number) if part)
        or patient.get_no_polis_reason_display(),
        doctor=_sender(direction),
        position=direction.sender_position_name,
        head=department.head if department else "",
        missing=[*_of_lpus(direction), *_of_patient(patient), *_of_direction(direction), *_of_doctor(direction)],
    )


def _of_lpus(direction: Direction) -> list[Missing]:
    own, other = direction.lpu_from, direction.lpu_to
    place = _("LPU directory: %(lpu)s") % {"lpu": own}
    facts = [(own.name, _("full name of the institution")), (own.address, _("its address")), (own.ogrn, _("its OGRN"))]
    missing = [Missing(what, place, "lmis.lpu", own.pk) for value, what in facts if not value]
    if not other.name:
        place = _("LPU directory: %(lpu)s") % {"lpu": other}
        missing.append(Missing(_("name of the receiving institution"), place, "lmis.lpu", other.pk))
    return missing


def _of_patient(patient: Patient) -> list[Missing]:
    facts = [
        (patient.family and patient.name, _("surname and first name")),
        (patient.birth_date, _("birth date")),
        (patient.sex, _("sex")),
        (patient.polis_number or patient.no_polis_reason, _("polis")),
        (patient.snils, _("SNILS")),
        (patient.address.strip(". "), _("address")),
    ]
    return [Missing(what, _("patient's card"), "patients.patient", patient.pk) for value, what in facts if not value]


def _of_direction(direction: Direction) -> list[Missing]:
    """A direction is not changed once it is written: a new one is."""
    place = _("the direction itself: cancel it and issue another")
    facts = [
        (direction.speciality_name, _("speciality")),
        (direction.diagnosis_name, _("diagnosis in words")),
        (direction.diagnosis_code, _("code of the diagnosis by ICD-10")),
        (direction.reason, _("reason of the direction")),
    ]
    return [Missing(what, place) for value, what in facts if not value]


def _of_doctor(direction: Direction) -> list[Missing]:
    doctor = direction.doctor
    if doctor is None:
        return []
    missing = []
    if not doctor.patronymic and not doctor.name:
        missing.append(Missing(_("doctor's first name"), _("the doctor's entry"), "lmis.doctor", doctor.pk))
    if doctor.department is None:
        missing.append(Missing(_("doctor's department"), _("the doctor's entry"), "lmis.doctor", doctor.pk))
    elif not doctor.department.head:
        place = _("department: %(name)s") % {"name": doctor.department}
        missing.append(Missing(_("head of the department"), place, "lmis.department", doctor.department.pk))
    return missing


def _sender(direction: Direction) -> str:
    """Surname and initials, as they were when it was written."""
    initials = " ".join(f"{part[0]}." for part in (direction.sender_name, direction.sender_patronymic) if part)
    return f"{direction.sender_family} {initials}".strip()
