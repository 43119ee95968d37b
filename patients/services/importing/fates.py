"""What becomes of rows: which card each means, and what it would change there. Nothing is written here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext

from lmis.models import Lpu
from lmis.text import name_key, number_key
from patients.info import PatientInfo
from patients.matching import Likeness, blanks_to_fill
from patients.models import CardImportRow, Patient
from patients.services import cards

Fate = CardImportRow.Fate
_NAMESAKES = """
    SELECT p.id FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[]) AS w (family, name, patronymic, born)
      JOIN patients_patient p ON p.family_key = w.family AND p.name_key = w.name AND p.patronymic_key = w.patronymic
       AND p.birth_date = w.born AND p.lpu_id = %s"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of one row; `news` are the columns that would be written to `card`, or those of a new card."""

    fate: str
    reason: str = ""
    card: Patient | None = None
    news: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    """The cards that rows of one batch may mean, by what they are recognised by."""

    by: dict[tuple[Any, ...], dict[int, Patient]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, row: Patient) -> None:
        card = row.survivor
        if card.state != Patient.State.ACTIVE:
            return
        keys = [
            ("card", row.card_number),
            ("polis", row.polis_number_key),
            ("snils", row.snils),
            ("document", row.document_series_key, row.document_number_key),
            ("names", row.family_key, row.name_key, row.patronymic_key, row.birth_date),
        ]
        for key in keys:
            self.by[key][card.pk] = card


def decide(*, lpu: Lpu, rows: Sequence[dict[str, Any]], overwrite: bool) -> list[Verdict]:
    """A verdict for each row (columns of Patient, as `columns.read_row` gives them); three statements for them all."""
    known = _Known()
    for card in _candidates(lpu, rows):
        known.add(card)
    return [_verdict(values, known, overwrite) for values in rows]


def _candidates(lpu: Lpu, rows: Sequence[dict[str, Any]]) -> Iterable[Patient]:
    infos = [PatientInfo.of_columns(values) for values in rows]
    polises = {number_key(info.polis.number) for info in infos} - {""}
    papers = {number_key(info.identity_document.number) for info in infos} - {""}
    same = Q(pk__in=_namesakes(lpu, infos)) | Q(card_number__in=[v["card_number"] for v in rows if "card_number" in v])
    same |= ~Q(polis_number="") & Q(polis_number_key__in=polises)
    same |= ~Q(document_number="") & Q(document_number_key__in=papers)
    same |= ~Q(snils="") & Q(snils__in={info.snils for info in infos} - {""})
    return Patient.objects.filter(same, lpu=lpu).select_related("merged_into")


def _namesakes(lpu: Lpu, infos: Iterable[PatientInfo]) -> list[int]:
    born = [info for info in infos if info.birth_date]
    wanted = [[name_key(getattr(info, part)) for info in born] for part in ("family", "name", "patronymic")]
    with connection.cursor() as cursor:
        cursor.execute(_NAMESAKES, [*wanted, [info.birth_date for info in born], lpu.pk])
        return [row[0] for row in cursor.fetchall()]


def _verdict(values: dict[str, Any], known: _Known, overwrite: bool) -> Verdict:
    info = PatientInfo.of_columns(values)
    likeness = Likeness.of_info(info)
    numbered = known.by.get(("card", values.get("card_number", "")), {}) if values.get("card_number") else {}
    for what, found in _looks(info, known, numbered):
        agreeing = [card for card in found.values() if _may_be(likeness, card, what)]
        if len(agreeing) == 1:
            return _of_card(agreeing[0], values, info, overwrite)
        if len(agreeing) > 1:
            return Verdict(Fate.AMBIGUOUS, gettext("Several cards: %(cards)s.") % {"cards": _numbers(agreeing)})
        if found and what != "document":  # a child may have the document of its mother
            text = gettext("The number belongs to another patient: %(cards)s.")
            return Verdict(Fate.AMBIGUOUS, text % {"cards": _numbers(found.values())})
    return Verdict(Fate.NEW, news=values)


def _looks(info: PatientInfo, known: _Known, numbered: dict[int, Patient]) -> Iterable[tuple[str, dict[int, Patient]]]:
    """The cards that the row may mean, by the surest sign first."""
    yield "card", numbered
    if polis := number_key(info.polis.number):
        same = known.by.get(("polis", polis), {})
        likeness = Likeness.of_info(info)
        yield "polis", {pk: card for pk, card in same.items() if _no_other_polis(card, likeness)}
    if info.snils:
        yield "snils", known.by.get(("snils", info.snils), {})
    if document := number_key(info.identity_document.number):
        yield "document", known.by.get(("document", number_key(info.identity_document.series), document), {})
    names = Likeness.of_info(info).names
    if info.birth_date and all(names[:2]):
        yield "names", known.by.get(("names", *names, info.birth_date), {})


def _may_be(likeness: Likeness, card: Patient, what: str) -> bool:
    """A number of its own brings corrections of birth date and SNILS; a document may be the mother's."""
    theirs = Likeness.of_card(card)
    return theirs.is_of(likeness, by_polis=False) if what == "document" else theirs.has_names_of(likeness)


def _no_other_polis(card: Patient, likeness: Likeness) -> bool:
    """Found by its own polis, or by that of a card merged into it: a series that both have must be the same."""
    theirs = Likeness.of_card(card)
    return theirs.shares_polis(likeness) or theirs.polis[1] != likeness.polis[1]


def _of_card(card: Patient, values: dict[str, Any], info: PatientInfo, overwrite: bool) -> Verdict:
    news = _replaced(card, values) if overwrite else _filled(card, values, info)
    return Verdict(Fate.UPDATE if news else Fate.SAME, card=card, news=news)


def _replaced(card: Patient, values: dict[str, Any]) -> dict[str, Any]:
    """Whatever the file says otherwise; a polis and a document as a whole."""
    news = {name: value for name, value in values.items() if value != getattr(card, name)}
    for paper in ("polis", "document"):
        if f"{paper}_number" in news and f"{paper}_series" not in values and getattr(card, f"{paper}_series"):
            news[f"{paper}_series"] = ""
    return news


def _filled(card: Patient, values: dict[str, Any], info: PatientInfo) -> dict[str, Any]:
    """Only what the card does not say yet."""
    news = blanks_to_fill(card, info)
    for unit in cards.OWN_UNITS:
        if not any(getattr(card, name) for name in unit):
            news |= {name: values[name] for name in unit if name in values}
    return news


def _numbers(found: Iterable[Patient]) -> str:
    return ", ".join(f"№ {card.card_number}" for card in found)


def identity_of(values: dict[str, Any]) -> tuple[Any, ...]:
    """What says that two rows of a file name one person; blank when nothing does."""
    info = PatientInfo.of_columns(values)
    if polis := number_key(info.polis.number):
        return ("polis", number_key(info.polis.series), polis)
    if info.snils:
        return ("snils", info.snils)
    names = Likeness.of_info(info).names
    return ("names", *names, info.birth_date) if info.birth_date else ()


def today_of(lpu: Lpu, now: dt.datetime) -> dt.date:
    """The LPU's own date."""
    return now.astimezone(lpu.tz).date()
