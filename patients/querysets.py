"""Reads of cards and of their uploads, in the clinic's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Value
from django.db.models.expressions import OrderBy

from lmis.text import number_key, phone_key, phone_key_of
from patients.mip import pace

if TYPE_CHECKING:
    from lmis.querysets import DoctorQuerySet
    from patients.info import PatientInfo
    from patients.models import CardImport, CardUpload, ExchangePause, Patient, Reconciliation  # noqa: F401


class PatientQuerySet(models.QuerySet["Patient"]):
    """Cards (МКАБ)."""

    def live(self) -> Self:
        """Neither merged into another card nor withdrawn."""
        return self.filter(state="active")

    def of_doctors(self, doctors: DoctorQuerySet | None) -> Self:
        """Patients of these doctors: who has, or had, an appointment with one of them that was not cancelled.

        None is everybody (`lmis.screens.scope.doctors_of`). The app of appointments is known here by its relation only.
        """
        if doctors is None:
            return self
        appointments = self.model._meta.get_field("appointments").related_model._default_manager  # type: ignore[union-attr]
        theirs = appointments.filter(patient=OuterRef("pk"), slot__doctor__in=doctors).exclude(state="cancelled")
        return self.filter(Exists(theirs))

    def with_polis(self, *, series: str, number: str) -> Self:
        """Cards with this polis: the number, and the series when both have one (contract A.2)."""
        return self.filter(_polis(series, number))

    def with_document(self, *, series: str, number: str) -> Self:
        """Cards with this identity document: series and number (contract A.2)."""
        return self.filter(_document(series, number))

    def like(self, info: PatientInfo) -> Self:
        """Cards with the polis or the identity document of `info`, merged and withdrawn ones too."""
        polis, document = info.polis, info.identity_document
        return self.filter(_polis(polis.series, polis.number) | _document(document.series, document.number))

    def with_paper(self, *, series: str, number: str) -> Self:
        """Cards with this polis or this identity document; without a series, of any that has the number."""
        document = _document(series, number) if number_key(series) else _document_number(number)
        return self.filter(_polis(series, number) | document)

    def with_snils(self, digits: str) -> Self:
        """Cards with this СНИЛС of 11 digits."""
        return self.filter(~Q(snils=""), snils=digits)  # the first as in the partial index

    def with_phone(self, number: str) -> Self:
        """Cards one of whose phones ends in the last ten digits of this number."""
        from patients.models import PatientPhone

        key = phone_key(number)
        first = self.model._default_manager.alias(phone_digits=phone_key_of("phone"))
        of_card = first.filter(~Q(phone=""), phone_digits=key).order_by().values("pk")
        # OR over two tables has no index; a UNION of two indexed looks has.
        others = PatientPhone.objects.filter(number_key=key).order_by().values("patient_id")
        return self.filter(pk__in=of_card.union(others))

    def named_like(self, family: str, name: str = "", patronymic: str = "", *, whole_name: str = "") -> Self:
        """Cards whose names begin so; all are keys (`lmis.text.name_key`).

        With `whole_name` the first name may begin with that, whatever the patronymic.
        """
        found = self.filter(family_key__startswith=family, name_key__startswith=name)
        given = Q(patronymic_key__startswith=patronymic)
        return found.filter(given | Q(name_key__startswith=whole_name) if whole_name else given)

    def resembling(self, info: PatientInfo) -> Self:
        """Cards with a paper of `info`, or born on the same day, merged ones too; each part has its index."""
        document = _document(info.identity_document.series, info.identity_document.number)
        same = _polis(info.polis.series, info.polis.number) | document
        if info.snils:
            same |= ~Q(snils="") & Q(snils=info.snils)
        if info.birth_date:
            same |= Q(birth_date=info.birth_date)
        return self.filter(same).not_withdrawn()

    def born(self, first: date, last: date) -> Self:
        """Born on these days, both inclusive."""
        return self.filter(birth_date__gte=first, birth_date__lte=last)

    def numbered(self, numbers: Iterable[str]) -> Self:
        """Cards with one of these numbers; each LPU has its own."""
        return self.filter(card_number__in=list(numbers))

    def not_withdrawn(self) -> Self:
        """In use, or merged into one that may be."""
        return self.exclude(state="withdrawn")

    def merged_into_any(self, survivors: Iterable[Patient]) -> Self:
        """Cards for which one of these stands: a trigger keeps it at one step."""
        return self.filter(merged_into__in=list(survivors))

    def in_alphabet(self) -> Self:
        """By names, namesakes by birth date."""
        names = [InPatternOrder(F(key)) for key in ("family_key", "name_key", "patronymic_key")]
        return self.order_by(*names, "birth_date", "pk")

    def at_own_lpus(self) -> Self:
        """Cards of the LPUs that this LMIS serves."""
        return self.filter(lpu__is_own=True)

    def named(self, *, mkabs: Collection[UUID], person_guid: UUID | None) -> Self:
        """Cards that a patient token names, by their own guids or by the person's."""
        named = Q(guid__in=mkabs)
        return self.filter(named | Q(person_guid=person_guid) if person_guid else named)

    def of_person(self, person_guids: Iterable[UUID]) -> Self:
        """Cards to which the MIP gave one of these ids."""
        return self.filter(person_guid__in=list(person_guids))


def _polis(series: str, number: str) -> Q:
    if not number_key(number):
        return Q(pk__in=[])
    same = Q(polis_number_key=number_key(number)) & ~Q(polis_number="")  # the latter as in the partial index
    if number_key(series):
        same &= Q(polis_series_key__in=["", number_key(series)])
    return same


class InPatternOrder(OrderBy):
    """In the order of the index that also serves beginnings (`text_pattern_ops`): such a list needs no sorting."""

    template = "%(expression)s USING ~<~ /* ASC */"  # Django's compiler looks for one of its own two words


def _document_number(number: str) -> Q:
    return Q(document_number_key=number_key(number)) & ~Q(document_number="") if number_key(number) else Q(pk__in=[])


def _document(series: str, number: str) -> Q:
    if not number_key(number):
        return Q(pk__in=[])
    return Q(document_number_key=number_key(number), document_series_key=number_key(series)) & ~Q(document_number="")


class CardUploadQuerySet(models.QuerySet["CardUpload"]):
    """Uploads of cards to the MIP."""

    def due(self, now: datetime) -> Self:
        """May be sent now, the longest due first."""
        return self.filter(state__in=["waiting", "retry"], due_at__lte=now).order_by("due_at")

    def put_off(self, now: datetime) -> Self:
        """Wait for a moment further ahead than a card is ever let wait for, along the index of what is due.

        The clock was set back, or the database's is ahead of the senders'. What repeats may have been told by the MIP
        to wait for days, and is not among them.
        """
        new = Q(attempts__lte=1)  # `verdicts` lets one that was sent before wait before it goes on
        later = Q(due_at__gt=now + timedelta(seconds=pace.LONGEST))
        return self.filter(new | later, state="waiting", priority__in=range(3), due_at__gt=now)

    def stuck(self, now: datetime) -> Self:
        """In flight, but whoever sent it has been silent for longer than a sending may take."""
        return self.filter(state="in_flight", claimed_until__lte=now).order_by("claimed_until")

    def sendable(self, now: datetime) -> Self:
        """Due, or stuck."""
        return self.due(now) | self.stuck(now)

    def lock_sendable(self, *, now: datetime, limit: int) -> list[int]:
        """Lock up to `limit` rows that nobody else has locked; their ids.

        Silent senders' first, then by harm (`CardUpload.Priority`), the longest due first. A statement for each index
        range, until there are enough.
        """
        ids: list[int] = []
        by_harm = (self.due(now).filter(priority=priority) for priority in range(3))
        for rows in (self.stuck(now), *by_harm):
            if len(ids) < limit:
                free = rows.select_for_update(skip_locked=True, no_key=True)
                ids += free.values_list("pk", flat=True)[: limit - len(ids)]
        return ids

    def at_once(self, now: datetime, *, beside: models.QuerySet[Any] | None = None) -> int:
        """How many cards are being sent at the same time just now, over all senders; a silent one's are not counted.

        Each row of `beside` counts as one more. One statement, along the index of what is in flight: at most a batch
        for each sender.
        """
        live = self.filter(state="in_flight", claimed_until__gt=now).order_by().values("claim")
        rows = live.annotate(cards=Count("pk"), most=Max("share")).values_list("cards", "most")
        if beside is not None:
            rows = rows.union(beside.values_list(Value(1), Value(1)), all=True)
        return sum(min(cards, most) for cards, most in rows)

    def unsettled(self) -> Self:
        """Neither accepted nor needless: on their way, or stopped by something that a person must mend."""
        return self.filter(state__in=["waiting", "in_flight", "retry", "rejected", "duplicate"])

    def unsent(self) -> Self:
        """The MIP does not have what the card says."""
        return self.filter(state__in=["waiting", "in_flight", "retry"])

    def refused(self) -> Self:
        """Stopped by the MIP until a person has mended the card."""
        return self.filter(state__in=["rejected", "duplicate"])

    def out_of_use(self) -> Self:
        """Of cards that were merged or withdrawn: there is nothing in them to mend."""
        return self.exclude(patient__state="active")

    def listed_as(self, state: str, code: str) -> Self:
        """As the operators' page lists them: a state, or the refused notices of cards out of use, with one reason."""
        found = self.refused().out_of_use() if state == "notices" else self.filter(state=state)
        return found.filter(error_code=code)

    def behind(self) -> Self:
        """The MIP has never taken the card, or an older version of it."""
        return self.filter(Q(accepted_version__isnull=True) | Q(accepted_version__lt=F("patient__version")))


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    """Reconciliations with the MIP."""

    def asking(self, now: datetime) -> Self:
        """The one whose holder asks the MIP just now, if any."""
        return self.filter(ended_at__isnull=True, stage="asking", held_until__gt=now)


class ExchangePauseQuerySet(models.QuerySet["ExchangePause"]):
    """Pauses of the exchange."""

    def on(self, now: datetime) -> Self:
        """The one that lasts now, if any."""
        return self.filter(ended_at__isnull=True, since__lte=now, until__gt=now)


class CardImportQuerySet(models.QuerySet["CardImport"]):
    """Imports of cards."""

    def at_work(self) -> Self:
        """A worker has something to do."""
        return self.filter(state__in=["reading", "checking", "writing"])

    def untold_since(self, moment: datetime) -> Self:
        """The broker has not been told of it since then."""
        return self.filter(Q(told_at__isnull=True) | Q(told_at__lte=moment))
