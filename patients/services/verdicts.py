"""What an outcome makes of an upload's row: the rules of contract §4, without a database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from patients.mip import outcomes, pace
from patients.mip.outcomes import Accepted, Credentials, Duplicate, Later, Outcome, Rejected
from patients.models import CardUpload

State = CardUpload.State
Columns = dict[str, Any]

_BEFORE_THE_PROBE = 3  # attempts: such a wait is over when the gate lets anybody try, and a mended login is found then
_NO_ERROR: Columns = {"error_code": "", "error_text": "", "error_field": "", "faults": []}


def version_to_rise_to(outcome: Outcome, *, sent: int, held: int) -> int | None:
    """The version that our card must take: the MIP holds a higher one than we sent (we came back from a backup).

    None when it need not: `held`, the card's version by now, is above it anyway.
    """
    if isinstance(outcome, Accepted) and outcome.version > sent and held <= outcome.version:
        return outcome.version + 1
    return None


def columns_after(outcome: Outcome, *, sent: int, held: int, attempts: int, now: datetime) -> Columns:
    """The columns to write. `sent` is the version that was sent, `held` the card's version by now."""
    columns: Columns = {"sent_version": sent}
    match outcome:
        case Accepted():
            return columns | _accepted(outcome, sent=sent, held=held, attempts=attempts, now=now)
        case Rejected() | Duplicate() if held > sent:  # what was refused is not what the card says now
            return columns | waiting(now)
        case Rejected(code, text, field, faults):
            listed = {"faults": [asdict(one) for one in faults]}
            return columns | _refused(State.REJECTED, code, text, field) | listed
        case Duplicate(code, text):
            return columns | _refused(State.DUPLICATE, code, text)
        case Credentials(outcomes.FORBIDDEN as reason):  # perhaps it is the card, so others go first
            return columns | _retry(reason, now, min(attempts, _BEFORE_THE_PROBE))
        case Credentials(reason):  # the gate says when to go on
            return columns | _NO_ERROR | {"state": State.RETRY, "due_at": now, "error_code": reason}
        case Later(reason, retry_after):
            return columns | _retry(reason, now, attempts, retry_after)


def _accepted(outcome: Accepted, *, sent: int, held: int, attempts: int, now: datetime) -> Columns:
    if outcome.version < sent:  # it says 200 and has not taken it
        return _retry("version_behind", now, attempts)
    columns: Columns = {"accepted_version": outcome.version}
    if outcome.version > sent:
        # Once at once; a MIP that is always ahead must not be asked in a circle without a pause.
        wait = {"due_at": now + pace.before_retry(attempts)} if attempts > 1 else {"due_at": now}
        return columns | _NO_ERROR | {"state": State.WAITING} | wait
    columns["accepted_at"] = now
    if held > sent:  # changed while it was in flight
        return columns | waiting(now)
    return columns | _NO_ERROR | {"state": State.ACCEPTED}


def waiting(now: datetime) -> Columns:
    """Those of an upload that is to go out from now on, whatever came of it before."""
    return _NO_ERROR | {"state": State.WAITING, "due_at": now, "wanted_since": now, "attempts": 0}


def _retry(reason: str, now: datetime, attempts: int, retry_after: float | None = None) -> Columns:
    due_at = now + pace.before_retry(attempts, retry_after)
    return _NO_ERROR | {"state": State.RETRY, "due_at": due_at, "error_code": reason}


def _refused(state: CardUpload.State, code: str, text: str, field: str = "") -> Columns:
    return {"state": state, "error_code": code, "error_text": text, "error_field": field, "faults": []}
