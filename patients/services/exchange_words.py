"""The exchange in plain words: what a state, a reason, a field of the MIP means, and what to do about it."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import CardUpload

State = CardUpload.State
# A code or a field comes from the MIP: one that is no plain name may be anything, a patient's name too.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.\-\[\]]{0,63}\Z")

NAMES = {
    State.WAITING: gettext_lazy("Waiting to be sent"),
    State.IN_FLIGHT: gettext_lazy("Being sent"),
    State.RETRY: gettext_lazy("Waiting to repeat"),
    State.REJECTED: gettext_lazy("Rejected by the MIP"),
    State.DUPLICATE: gettext_lazy("Suspected duplicates"),
    State.ACCEPTED: gettext_lazy("Accepted"),
    State.NOT_NEEDED: gettext_lazy("Need not be sent"),
}
TO_DO = {
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
        "The registrars look for the other card of the patient. If there is none, write to the region."
    ),
    State.ACCEPTED: gettext_lazy("Nothing: the MIP has them."),
    State.NOT_NEEDED: gettext_lazy("Nothing: withdrawn or merged before they were ever sent."),
}
PAUSED = gettext_lazy("Paused: nothing is sent until the pause ends.")

_REASONS = {
    "timeout": gettext_lazy("the MIP did not answer in time"),
    "no_connection": gettext_lazy("no connection to the MIP"),
    "connection_lost": gettext_lazy("the connection broke off before the answer"),
    "bad_url": gettext_lazy("the address of the MIP in the settings is wrong"),
    "bad_answer": gettext_lazy("the answer of the MIP could not be read"),
    "version_behind": gettext_lazy("the MIP said yes and kept an older version"),
    "unauthorized": gettext_lazy("the MIP does not accept our login and password"),
    "forbidden": gettext_lazy("the MIP does not let our login upload cards"),
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


def name_of(state: str) -> Any:
    """A state's plain name."""
    return NAMES[State(state)]


def to_do(state: str) -> Any:
    """What somebody has to do about cards in it."""
    return TO_DO[State(state)]


def plain(code: str) -> str:
    """A code or field as it may be shown to anybody: one that is no plain name becomes `other`."""
    return code if not code or _PLAIN.match(code) else "other"


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
