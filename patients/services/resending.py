"""Sending again what was refused: one card, or all cards with one reason, many of them bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lmis.actors import Actor
from lmis.services import journal
from patients.models import CardUpload, ExchangeMark
from patients.services import backfill, exchange_words, pauses, uploads, verdicts

AT_ONCE = 1000  # more of them go as an upload of existing cards, behind whoever is new or changed


@dataclass(frozen=True, slots=True)
class Resent:
    """So many wait again; `later` when they go bit by bit."""

    cards: int
    later: bool = False


def one(*, card_id: int, by: Actor, now: datetime) -> bool:
    """Let this card be sent again whatever came of the last attempt; False when it is being sent just now."""
    upload = CardUpload.objects.filter(pk=card_id).first()
    if upload is None or not uploads.send_again(cards=[card_id], by=by, now=now):
        return False
    journal.note_changed(upload, {"state": CardUpload.State.WAITING, "error_code": ""}, by=by)
    return True


def all_of(*, state: str, code: str, by: Actor, now: datetime) -> Resent:
    """Let all cards in this state with this reason be sent again, of the notices the first `AT_ONCE`. In a transaction.

    Up to `AT_ONCE` wait at once, which leaves a mark on the charts. More are handed to a backfill; raises what that
    raises, BackfillRunning for one.
    """
    found = CardUpload.objects.listed_as(state, code)
    ids = list(found.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) <= AT_ONCE or state == exchange_words.NOTICES:
        sent = uploads.send_again(cards=ids[:AT_ONCE], by=by, now=now)
        made = pauses.mark(kind=ExchangeMark.Kind.AGAIN, text=f"{code or state}: {sent}", by=by, now=now)
        journal.note_created(made, by=by)
        return Resent(sent)
    asked = backfill.start(scope=backfill.Scope(state=state, error_code=code), by=by, now=now)
    return Resent(asked.total, later=True)


def after_saving(*, card_id: int, by: Actor, now: datetime) -> bool:
    """Somebody has saved a card that the MIP had refused: it is sent again, whatever was changed; False if it was not.

    A change of what the MIP is told of has asked for it already. One statement.
    """
    refused = CardUpload.objects.refused().filter(pk=card_id)
    return bool(refused.update(**verdicts.waiting(now), priority=CardUpload.Priority.CHANGED))
