"""Cards: found for a patient who is told to us, made, changed. The lock door is `patients.locks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from lmis.actors import Actor
from lmis.models import Lpu
from lmis.services import journal
from patients.exceptions import CardChanged, CardExists, LpuNotOwn, PatientAmbiguous
from patients.info import PatientInfo, as_kept
from patients.locks import identity_keys, lock_identities
from patients.matching import Likeness, blanks_to_fill
from patients.models import Patient
from patients.services import phones
from patients.services.phones import Phone

# What only our own staff know of a patient; the region never sends it and is not told.
# Those that belong together stand together.
OWN_UNITS = (
    ("district", "attachment", "attached_on"),
    ("polis_issued_on", "insurer"),
    ("no_polis_reason",),
    ("representative", "representative_relation", "representative_phone"),
)
OWN = frozenset(name for unit in OWN_UNITS for name in unit)
EDITABLE = frozenset({*PatientInfo().columns(), "card_number", *OWN})


def locate(*, lpu: Lpu, info: PatientInfo, by: Actor | str) -> Patient:
    """The card of this patient at `lpu`, found or made (contract A.2).

    The caller's transaction holds `lock_identities(identity_keys(...))`. Out: a live card, its blank fields filled in
    from `info`, nothing overwritten. Statements: one SELECT and, when there is something to write, one UPDATE or
    INSERT. Raises PatientAmbiguous.
    """
    candidates, agreeing = _candidates(lpu, info)
    if not candidates:
        return _insert(lpu=lpu, info=info, by=by)
    if len(agreeing) != 1:
        raise PatientAmbiguous
    _fill(agreeing[0], info, by)
    return agreeing[0]


def create(
    *,
    lpu: Lpu,
    info: PatientInfo,
    by: Actor,
    card_number: str = "",
    own: Mapping[str, Any] | None = None,
    further_phones: Iterable[Phone] = (),
) -> Patient:
    """A new card, for staff and imports. A blank number is generated; `own` are columns of `OWN`.

    Another person's document on the card (a child's, with the passport of its mother) is no obstacle.
    Raises LpuNotOwn, CardExists when a card with these documents has agreeing names.
    """
    if not lpu.is_own:
        raise LpuNotOwn
    _refuse_unknown(own or {}, OWN)
    info, own = PatientInfo.of_columns(as_kept(info.columns())), as_kept(own or {})
    with transaction.atomic():
        # The region may be booking for the same unknown person just now:
        # the same locks as there, and a look only under them.
        lock_identities(identity_keys(lpu_guid=lpu.guid, info=info))
        _all, agreeing = _candidates(lpu, info)
        if agreeing:
            raise CardExists(agreeing[0])
        card = _insert(lpu=lpu, info=info, by=by, card_number=card_number, **own)
        journal.note_created(card, by=by)
        if further_phones := list(further_phones):
            phones.replace(card=card, wanted=further_phones, by=by)
    return card


def change(
    *,
    card: Patient,
    values: Mapping[str, Any],
    by: Actor,
    seen_version: int | None = None,
    further_phones: Iterable[Phone] | None = None,
) -> Patient:
    """Write those of `values` (column of `EDITABLE` → value) that differ, and no others; with `further_phones` those.

    In: only the id of `card` counts, so a form may have written on it already; `seen_version` is the version that
    whoever asks has looked at. Out: the card read afresh. Raises CardChanged when it is another by now, ValueError for
    a column that is not the staff's to change.
    """
    _refuse_unknown(values, EDITABLE)
    values = as_kept(values)
    with transaction.atomic():
        # A booking may be filling the card's blanks, or looking for it by what it is about to be called:
        # identities before and after are locked, then the row, then it is read again.
        rows = Patient.objects.select_related("lpu")
        known = rows.get(pk=card.pk)
        lock_identities([*_keys(known, {}), *_keys(known, values)])
        fresh = rows.select_for_update(of=("self",), no_key=True).get(pk=card.pk)
        if seen_version is not None and seen_version != fresh.version:
            raise CardChanged
        news = {name: value for name, value in values.items() if value != getattr(fresh, name)}
        news |= _stale_dictionaries(fresh, news)
        if news:
            journal.note_changed(fresh, news, by=by)
            Patient.objects.filter(pk=fresh.pk).update(**news, changed_by=by.label)
            fresh.refresh_from_db()
        if further_phones is not None:
            phones.replace(card=fresh, wanted=further_phones, by=by)
    return fresh


def same_person(a: Patient, b: Patient) -> bool:
    """Whether two cards, perhaps of two LPUs, mean one person.

    One card (or its survivor), one person of the MIP, or a shared polis or document with agreeing names, birth date
    and SNILS.
    """
    if (a.merged_into_id or a.pk) == (b.merged_into_id or b.pk):
        return True
    if a.person_guid and a.person_guid == b.person_guid:
        return True
    one, other = Likeness.of_card(a), Likeness.of_card(b)
    by_polis = one.shares_polis(other)
    return (by_polis or one.shares_document(other)) and one.is_of(other, by_polis=by_polis)


def _candidates(lpu: Lpu, info: PatientInfo) -> tuple[list[Patient], list[Patient]]:
    """Live cards of `lpu` with the polis of `info`; if there are none, with its document. Then those of them that may
    be this patient's. One statement for all."""
    sought = Likeness.of_info(info)
    by_polis: dict[int, Patient] = {}
    by_document: dict[int, Patient] = {}
    for row in Patient.objects.filter(lpu=lpu).like(info).select_related("merged_into").order_by("pk"):
        card = row.survivor
        if card.state != Patient.State.ACTIVE:
            continue
        card.lpu = lpu
        found = by_polis if Likeness.of_card(row).shares_polis(sought) else by_document
        found.setdefault(card.pk, card)
    candidates = list((by_polis or by_document).values())
    return candidates, [card for card in candidates if Likeness.of_card(card).is_of(sought, by_polis=bool(by_polis))]


def _refuse_unknown(values: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := values.keys() - known:
        raise ValueError(f"not to be changed here: {', '.join(sorted(unknown))}")


def _stale_dictionaries(card: Patient, news: Mapping[str, Any]) -> dict[str, str]:
    """Another code of a paper's kind, told without its dictionary, is not of the old one's."""
    parts = [(paper, part) for paper in ("polis", "document") for part in ("oid", "version")]
    names = [f"{paper}_type_{part}" for paper, part in parts if f"{paper}_type_code" in news]
    return {name: "" for name in names if name not in news and getattr(card, name)}


def _insert(*, lpu: Lpu, info: PatientInfo, by: Actor | str, card_number: str = "", **own: Any) -> Patient:
    card = Patient(lpu=lpu, card_number=card_number, created_by=str(by), changed_by=str(by), **info.columns(), **own)
    # Without signals: the journal would cost a booking another statement; who made the card stands on the card.
    Patient.objects.bulk_create([card])
    return card


def _fill(card: Patient, info: PatientInfo, by: Actor | str) -> None:
    """Write what is blank; one UPDATE of those columns, or nothing."""
    news = blanks_to_fill(card, info)
    if not news:
        return
    # SQL or an import, which take no advisory locks, may have filled the blank since we read it:
    # the version says so, and then theirs stays.
    if Patient.objects.filter(pk=card.pk, version=card.version).update(**news, changed_by=str(by)):
        for name, value in news.items():
            setattr(card, name, value)


def _keys(card: Patient, values: Mapping[str, Any]) -> list[int]:
    """The identity keys of `card` as it would be with `values`."""
    now = {name: getattr(card, name) for name in EDITABLE} | dict(values)
    return identity_keys(lpu_guid=card.lpu.guid, info=PatientInfo.of_columns(now))
