"""The exchange in plain words: what a state, a reason, a field of the MIP means, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.mip.answers import PLAIN
from patients.models import CardUpload, ExchangePause

State = CardUpload.State

HELD = (State.WAITING, State.RETRY)  # in which a pause keeps cards
NOTICES = "notices"  # no state of its own: refused ones of cards out of use, which the registrars do not see

OTHER = "other"  # stands for the codes that are not shown

NAMES: dict[str, Any] = {
    State.WAITING: gettext_lazy("Waiting to be sent"),
    State.IN_FLIGHT: gettext_lazy("Being sent"),
    State.RETRY: gettext_lazy("Waiting to repeat"),
    State.REJECTED: gettext_lazy("Rejected by the MIP"),
    State.DUPLICATE: gettext_lazy("Suspected duplicates"),
    NOTICES: gettext_lazy("Of those rejected or suspected: news of cards merged or withdrawn"),
    State.ACCEPTED: gettext_lazy("Accepted"),
    State.NOT_NEEDED: gettext_lazy("Need not be sent"),
}
TO_DO: dict[str, Any] = {
    State.WAITING: gettext_lazy(
        "Nothing: they go out by themselves. If they stay, look at the gate and the workers above."
    ),
    State.IN_FLIGHT: gettext_lazy("Nothing: an answer comes within seconds."),
    State.RETRY: gettext_lazy(
        "Nothing: each is tried again, at the latest after an hour. Once the reason is gone, send again."
    ),
    State.REJECTED: gettext_lazy(
        "The registrars mend these cards; saving a card sends it again. If the MIP was wrong, send again."
    ),
    State.DUPLICATE: gettext_lazy(
        "The registrars look for the patient's other card, an administrator merges the two. If there is none, write to "
        "the region."
    ),
    NOTICES: gettext_lazy(
        "No registrar sees them, for such a card is not mended: send again. If the MIP refuses it again, write to "
        "the region, which still takes the card for one in use."
    ),
    State.ACCEPTED: gettext_lazy("Nothing: the MIP has them."),
    State.NOT_NEEDED: gettext_lazy("Nothing: withdrawn or merged before they were ever sent."),
}
PAUSED = gettext_lazy("Paused: nothing is sent until the pause ends.")
_CARD_TO_DO: dict[str, Any] = {
    State.WAITING: gettext_lazy("Nothing: it goes out by itself within seconds. If it stays, tell the operators."),
    State.IN_FLIGHT: gettext_lazy("Nothing: an answer comes within seconds."),
    State.RETRY: gettext_lazy("Nothing: it is tried again by itself, at the latest after an hour."),
    State.REJECTED: gettext_lazy("Mend in the card what is named below; saving it sends it again."),
    State.DUPLICATE: gettext_lazy(
        "Look for the patient's other card and have an administrator merge the two. If there is none, tell the "
        "operators."
    ),
    State.ACCEPTED: gettext_lazy("Nothing: the MIP has it."),
    State.NOT_NEEDED: gettext_lazy("Nothing: withdrawn or merged before it was ever sent."),
}

_REASONS = {
    "timeout": gettext_lazy("the MIP did not answer in time"),
    "no_connection": gettext_lazy("no connection to the MIP"),
    "connection_lost": gettext_lazy("the connection broke off before the answer"),
    "bad_url": gettext_lazy("the address of the MIP in the settings is wrong"),
    "bad_settings": gettext_lazy("SSL_CERT_FILE, SSL_CERT_DIR or a proxy in the workers' environment is wrong"),
    "bad_answer": gettext_lazy("the answer of the MIP could not be read"),
    "version_behind": gettext_lazy("the MIP said yes and kept an older version"),
    "unauthorized": gettext_lazy("the MIP does not accept our login and password"),
    "forbidden": gettext_lazy("the MIP does not let our login upload cards"),
    "http_403": gettext_lazy("this card is not let through to the MIP, others are: tell the region"),
    "http_429": gettext_lazy("the MIP asks us to wait"),
    "rejected": gettext_lazy("the MIP does not take the card as it is"),
    "documents_missing": gettext_lazy("neither a polis nor an identity document in the card"),
    "validation_error": gettext_lazy("the MIP found a mistake in the card"),
    "duplicate": gettext_lazy("the MIP suspects another card of this patient"),
    "duplicate_suspected": gettext_lazy("the MIP suspects another card of this patient"),
    "lpu_mismatch": gettext_lazy("the MIP has this card under another institution"),
}
# Fields of contract §4 → what the card calls them.
_FIELDS = {
    "lpuGuid": gettext_lazy("institution"),
    "cardNumber": gettext_lazy("card number"),
    "family": gettext_lazy("surname"),
    "name": gettext_lazy("first name"),
    "patronymic": gettext_lazy("patronymic"),
    "birthDate": gettext_lazy("birth date"),
    "sex": gettext_lazy("sex"),
    "snils": gettext_lazy("SNILS"),
    "polis": gettext_lazy("polis"),
    "polis.series": gettext_lazy("series of the polis"),
    "polis.number": gettext_lazy("number of the polis"),
    "polis.type": gettext_lazy("kind of polis"),
    "identityDocument": gettext_lazy("identity document"),
    "identityDocument.series": gettext_lazy("series of the document"),
    "identityDocument.number": gettext_lazy("number of the document"),
    "identityDocument.type": gettext_lazy("kind of document"),
    "phone": gettext_lazy("phone"),
    "address": gettext_lazy("address"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the MIP finds wrong: which field, why in plain words, what it wrote itself (for staff alone)."""

    field: str
    reason: str
    said: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one card's upload stands, in plain words, and what somebody has to do about it."""

    name: str
    to_do: str


def standing(upload: CardUpload, *, pause: ExchangePause | None) -> Standing:
    """Of this card, under the pause that lasts now, if any. No statement."""
    if pause is not None and upload.state in HELD:
        until = date_format(timezone.localtime(pause.until), "SHORT_DATETIME_FORMAT")
        name = _("Paused until %(until)s: %(reason)s") % {"until": until, "reason": pause.reason}
        return Standing(name, _("Nothing: it is sent when the pause is over."))
    name = str(NAMES[upload.state])
    if upload.state == State.RETRY:
        due = date_format(timezone.localtime(upload.due_at), "SHORT_DATETIME_FORMAT")
        name = _("Waiting to repeat, next at %(due)s: %(why)s") % {"due": due, "why": reason_of(upload.error_code)}
    return Standing(name, str(_CARD_TO_DO[upload.state]))


def faults_of(upload: CardUpload) -> list[Fault]:
    """All that the MIP finds wrong in this card; empty when there is no error."""
    first = {"field": upload.error_field, "text": upload.error_text}
    kept = upload.faults or ([first] if upload.error_code else [])
    return [Fault(field_of(one["field"]), reason_of(one.get("code") or upload.error_code), one["text"]) for one in kept]


def name_of(state: str) -> Any:
    """A state's plain name."""
    return NAMES[state]


def to_do(state: str) -> Any:
    """What somebody has to do about cards in it."""
    return TO_DO[state]


def plain(code: str) -> str:
    """A code or field as it may be shown to anybody: one that is no plain name becomes `other`."""
    return code if not code or PLAIN.match(code) else OTHER


def reason_of(code: str) -> str:
    """A reason in words; a code that we do not know is shown as it is."""
    known = _REASONS.get(code)
    if known is not None:
        return str(known)
    if re.fullmatch(r"http_5\d\d", code):
        return _("the MIP has a fault of its own (%(code)s)") % {"code": code}
    return plain(code)


def field_of(field: str) -> str:
    """A field of the MIP as the card calls it; one that we do not know is shown as it is."""
    known = _FIELDS.get(field) or _FIELDS.get(field.removesuffix(".code").removesuffix(".name"))
    return str(known) if known is not None else plain(field)
