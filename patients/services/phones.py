"""The further phones of a card: given as a whole, written as what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lmis.actors import Actor
from lmis.services import journal
from lmis.text import phone_key
from patients.models import Patient, PatientPhone


@dataclass(frozen=True, slots=True)
class Phone:
    """A number with a digit in it, a kind of `PatientPhone.Kind`, a note."""

    number: str
    kind: str = PatientPhone.Kind.MOBILE.value
    note: str = ""


def replace(*, card: Patient, wanted: Iterable[Phone], by: Actor) -> None:
    """Make these the further phones of a card whose row the caller has locked (or just made).

    Numbers without a digit, twice the same one, and the card's own phone are left out. The journal of the card says
    what they were and what they are.
    """
    own = phone_key(card.phone)
    news = {key: phone for phone in wanted if (key := phone_key(phone.number)) and key != own}
    olds = {phone.number_key: phone for phone in card.phones.all()}
    before = {key: Phone(old.number, old.kind, old.note) for key, old in olds.items()}
    if before == news:
        return
    changed = [key for key, phone in before.items() if news.get(key) != phone]
    card.phones.filter(pk__in=[olds[key].pk for key in changed]).delete()
    PatientPhone.objects.bulk_create(
        PatientPhone(patient=card, number=phone.number, kind=phone.kind, note=phone.note)
        for key, phone in news.items()
        if before.get(key) != phone
    )
    journal.note_list(card, "phones", _written(before.values()), _written(news.values()), by=by)


def _written(phones: Iterable[Phone]) -> str:
    return ", ".join(" ".join(part for part in (phone.number, phone.note) if part) for phone in phones)
