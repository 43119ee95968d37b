"""Directions both ways, and the one that scripts may book: issued here, to ourselves, for the first patient."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from appointments.demo import cast
from appointments.demo.guids import guid_of
from appointments.demo.people import people
from appointments.models import Appointment, Slot
from appointments.services import booking
from directions.info import DirectionInfo, SenderInfo, of_entry
from directions.models import Direction
from directions.services import issuing, paper
from lmis.actors import SYSTEM
from lmis.models import Doctor, Lpu, Position, Source, Speciality
from patients.info import Coded
from patients.models import Patient

ISSUED, RECEIVED, PAPER = 18, 8, 4
SAMPLE, SAMPLE_PATIENT = ("direction", "sample"), 0

# Speciality, reason, diagnosis; the codes of ICD-10 come with the reference data, none is typed from memory.
_PURPOSES = (
    (cast.CARDIOLOGY, "Подбор терапии", "Артериальная гипертензия"),
    ("Неврология", "Уточнение диагноза", "Боль в пояснице"),
    ("Хирургия", "Решение вопроса о лечении", "Варикозное расширение вен ног"),
    ("Оториноларингология", "Консультация", "Хронический тонзиллит"),
    ("Офтальмология", "Подбор очков", "Близорукость"),
)
_SENDERS = ("Орехова Лидия Семёновна", "Пахомов Игорь Витальевич", "Субботина Яна Руслановна")


@dataclass(frozen=True, slots=True)
class Referrals:
    """Writes them all for one LPU; `doctors` and `patients` in the order of the cast, `now` aware."""

    lpu: Lpu
    others: list[Lpu]
    doctors: list[Doctor]
    patients: list[Patient]
    now: dt.datetime

    def write(self) -> None:
        """To be called inside a transaction."""
        for number in range(ISSUED):
            self._issue(number)
        for number in range(RECEIVED):
            self._receive(number)
        for number in range(PAPER):
            self._enter(number)
        self._sample()

    def _sample(self) -> None:
        """Without an end, so that it is good whenever the demo is started."""
        issued = issuing.issue(
            doctor=self.doctors[0],
            patient=self.patients[SAMPLE_PATIENT],
            lpu_to=self.lpu,
            speciality=_speciality(cast.CARDIOLOGY),
            diagnosis=Coded(name="Артериальная гипертензия"),
            reason="Консультация кардиолога",
            by=SYSTEM,
            now=self.now,
        )
        self._name(issued, *SAMPLE)

    def _issue(self, number: int) -> None:
        """To the others in turn and, every third, to ourselves; some of long ago, some told to be done."""
        speciality, reason, diagnosis = _PURPOSES[number % len(_PURPOSES)]
        written = self.now - dt.timedelta(days=3 * number)
        lpu_to = self.lpu if number % 3 == 2 else self.others[number // 3 % len(self.others)]
        issued = issuing.issue(
            doctor=self.doctors[number % 6],
            patient=self.patients[10 + number],
            lpu_to=lpu_to,
            speciality=_speciality(speciality),
            diagnosis=Coded(name=diagnosis),
            reason=reason,
            valid_until=self._day(written) + dt.timedelta(days=30),
            by=SYSTEM,
            now=written,
        )
        self._name(issued, "direction", "issued", number)
        if not lpu_to.is_own and number % 4 == 1:
            issuing.record_outcome(direction=issued, outcome=Direction.Outcome.DONE, by=SYSTEM, now=self.now)
        elif lpu_to.is_own and number % 2 == 1:
            self._book_own(Direction.objects.get(pk=issued.pk), speciality, number)
        if number == ISSUED - 2:
            issuing.cancel(direction=issued, reason="Выписано ошибочно", by=SYSTEM, now=self.now)

    def _book_own(self, direction: Direction, speciality: str, number: int) -> None:
        """From the room of the doctor who wrote it."""
        slot = self._free_place(speciality)
        if slot is None:
            return
        made = booking.book(
            slot_guid=slot.guid,
            patient=self.patients[10 + number],
            direction=direction,
            source=Source.DOCTOR,
            channels=[Source.DOCTOR, Source.DOCTOR_OTHER_LPU],
            by=SYSTEM,
            now=self.now,
        )
        self._name(made, "appointment", "own", number)

    def _receive(self, number: int) -> None:
        """As the region sends them: with a booking."""
        speciality, reason, diagnosis = _PURPOSES[number % len(_PURPOSES)]
        sender, lpu_from = self._sender(number), self.others[number % len(self.others)]
        slot = self._free_place(speciality)
        if slot is None:
            return
        made = booking.book_by_direction(
            booking=booking.DirectionBooking(
                slot_guid=slot.guid,
                patient=people()[40 + number],
                sender=sender,
                direction=DirectionInfo(
                    guid=guid_of(self.lpu.guid, "direction", "received", number),
                    lpu_from_guid=lpu_from.guid,
                    lpu_to_guid=self.lpu.guid,
                    number=f"{1400 + 7 * number}",
                    reason=reason,
                    speciality=Coded(name=speciality),
                    diagnosis=Coded(name=diagnosis),
                    date_direction=self.now - dt.timedelta(days=number + 1),
                ),
            ),
            source=Source.DOCTOR_OTHER_LPU,
            by=SYSTEM,
            now=self.now,
        )
        self._name(made, "appointment", "received", number)

    def _enter(self, number: int) -> None:
        """Paper that patients brought to the desk, not booked yet."""
        speciality, reason, diagnosis = _PURPOSES[number % len(_PURPOSES)]
        entered = paper.enter(
            patient=self.patients[60 + number],
            lpu_from=self.others[number % len(self.others)].guid,
            number=f"{310 + number}",
            speciality=_speciality(speciality),
            diagnosis=Coded(name=diagnosis),
            reason=reason,
            date_direction=self.now - dt.timedelta(days=number + 2),
            sender=self._sender(number),
            by=SYSTEM,
            now=self.now,
        )
        self._name(entered, "direction", "desk", number)

    def _name(self, written: Direction | Appointment, *what: object) -> None:
        """Its guid is the demo's and not the service's random one."""
        type(written)._default_manager.filter(pk=written.pk).update(guid=guid_of(self.lpu.guid, *what))

    def _sender(self, number: int) -> SenderInfo:
        who = number % len(_SENDERS)
        family, name, patronymic = _SENDERS[who].split()
        return SenderInfo(
            guid=guid_of(self.others[number % len(self.others)].guid, "doctor", who),
            family=family,
            name=name,
            patronymic=patronymic,
            position=_position("врач-терапевт"),
            speciality=Coded(name=cast.THERAPY),
        )

    def _free_place(self, speciality: str) -> Slot | None:
        free = Slot.objects.free(self.now).open_to([Source.DOCTOR_OTHER_LPU])
        return free.filter(doctor__lpu=self.lpu, doctor__speciality__name=speciality).order_by("begin", "pk").first()

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.lpu.tz).date()


def sample_of(lpu: Lpu) -> Direction | None:
    """The direction for scripts, with its patient; None as long as the directions are not written."""
    return Direction.objects.with_all_shown().filter(guid=guid_of(lpu.guid, *SAMPLE)).first()


def _speciality(name: str) -> Speciality | None:
    return Speciality.objects.filter(name=name).order_by("-code").first()


def _position(name: str) -> Coded:
    """As our own dictionary of posts has it."""
    return of_entry(Position.objects.filter(name=name).order_by("-code")[0])
