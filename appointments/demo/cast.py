"""Who plays in the demo: four LPUs of a made-up region, eight specialities, twenty doctors."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_DNS, UUID, uuid5

from appointments.demo.people import TOWN


@dataclass(frozen=True, slots=True)
class LpuPart:
    """An LPU of the regional directory."""

    guid: UUID
    name: str
    short_name: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class FieldPart:
    """A speciality at work: its post, the minutes of a visit, where it sits and who holds it.

    `wide` opens first visits to the doctors of other LPUs; `rooms` are taken in turn, so two doctors may share one.
    """

    speciality: str
    position: str
    minutes: int
    department: str
    rooms: tuple[str, ...]
    doctors: tuple[str, ...]
    wide: bool = True


def _lpu(key: str, name: str, short_name: str, address: str, phone: str) -> LpuPart:
    return LpuPart(uuid5(NAMESPACE_DNS, f"{key}.lpu.demo.invalid"), name, short_name, address, phone)


# The first is what a demo is by default; one started with any other guid plays the hospital, and knows the first.
LPUS = (
    _lpu(
        "polyclinic",
        "Государственное бюджетное учреждение здравоохранения «Заречинская городская поликлиника № 1»",
        "Поликлиника № 1",
        f"{TOWN}, ул. Садовая, д. 14",
        "71230000101",
    ),
    _lpu(
        "hospital",
        "Государственное бюджетное учреждение здравоохранения «Заречинская областная клиническая больница»",
        "Областная больница",
        f"{TOWN}, пр. Победы, д. 100",
        "71230000202",
    ),
    _lpu(
        "diagnostics",
        "Государственное автономное учреждение здравоохранения «Заречинский консультативно-диагностический центр»",
        "Диагностический центр",
        f"{TOWN}, ул. Мира, д. 31",
        "71230000303",
    ),
    _lpu(
        "district",
        "Государственное бюджетное учреждение здравоохранения «Приреченская центральная районная больница»",
        "Приреченская ЦРБ",
        "пгт Приреченский, ул. Больничная, д. 2",
        "71230000404",
    ),
)
_HOSPITAL = LPUS[1]

# Made up like all of the demo; its last digit is the check digit of the twelve before.
OGRN = "1029900001230"
TICKET_NOTE = "Возьмите паспорт, полис ОМС и СНИЛС. Если не сможете прийти, отмените запись: место достанется другому."
# The others have none yet: a direction of theirs shows what is missing on its form.
HEADS = {
    "Терапевтическое отделение": "Панфилова М. С.",
    "Детское отделение": "Лапина Е. Д.",
    "Консультативное отделение": "Беляков Д. О.",
}

THERAPY, PAEDIATRICS, GYNAECOLOGY, CARDIOLOGY = "Терапия", "Педиатрия", "Акушерство и гинекология", "Кардиология"
NEUROLOGY, SURGERY = "Неврология", "Хирургия"
SCARCE = NEUROLOGY  # has fewer doctors than patients
FIELDS = (
    FieldPart(
        THERAPY,
        "врач-терапевт",
        15,
        "Терапевтическое отделение",
        ("201", "201", "202", "202", "203", "203"),
        (
            "Соколова Ирина Викторовна",
            "Мельников Андрей Павлович",
            "Ефремова Ольга Николаевна",
            "Тихомиров Сергей Юрьевич",
            "Гришина Наталья Алексеевна",
            "Панфилова Марина Сергеевна",
        ),
        wide=False,
    ),
    FieldPart(
        PAEDIATRICS,
        "врач-педиатр",
        15,
        "Детское отделение",
        ("101", "101", "102"),
        ("Лапина Елена Дмитриевна", "Родина Светлана Игоревна", "Кочетков Илья Андреевич"),
    ),
    FieldPart(
        CARDIOLOGY,
        "врач-кардиолог",
        22,
        "Консультативное отделение",
        ("301", "301"),
        ("Беляков Дмитрий Олегович", "Зайцева Анна Михайловна"),
    ),
    FieldPart(
        NEUROLOGY,
        "врач-невролог",
        22,
        "Консультативное отделение",
        ("302", "302"),
        ("Князева Татьяна Владимировна", "Рыбаков Максим Евгеньевич"),
    ),
    FieldPart(
        SURGERY,
        "врач-хирург",
        18,
        "Хирургическое отделение",
        ("105", "105"),
        ("Гордеев Роман Васильевич", "Сазонов Виктор Геннадьевич"),
    ),
    FieldPart(
        "Оториноларингология",
        "врач-оториноларинголог",
        18,
        "Консультативное отделение",
        ("303", "303"),
        ("Агеева Юлия Константиновна", "Мироненко Павел Ильич"),
    ),
    FieldPart(
        "Офтальмология",
        "врач-офтальмолог",
        14,
        "Консультативное отделение",
        ("304", "304"),
        ("Щукина Екатерина Романовна", "Дорохов Алексей Львович"),
    ),
    FieldPart(
        GYNAECOLOGY,
        "врач-акушер-гинеколог",
        22,
        "Женская консультация",
        ("401",),
        ("Филиппова Вера Анатольевна",),
    ),
)
VACCINATION_ROOM, DRESSING_ROOM = "104", "106"
BRANCHES = {"Детское отделение": f"{TOWN}, ул. Садовая, д. 16", "Женская консультация": f"{TOWN}, ул. Школьная, д. 5"}


def cast_of(own: UUID) -> tuple[LpuPart, tuple[LpuPart, ...]]:
    """Which LPU the demo with this guid is, and the three others that it knows."""
    part = next((lpu for lpu in LPUS if lpu.guid == own), _HOSPITAL)
    me = LpuPart(own, part.name, part.short_name, part.address, part.phone)
    return me, tuple(lpu for lpu in LPUS if lpu is not part)
