"""A letter to the region about what the MIP answered or holds: times, request ids, codes, guids; nothing personal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext as _

from lmis.models import Lpu
from lmis.rows import fetch
from patients.models import CardUpload, Reconciliation, ReconciliationFinding
from patients.services import exchange_words, findings, history

EXAMPLES = 20
NAMED = 200  # cards in one letter
_LAST = """
    SELECT a.at, a.version, a.outcome, a.code, a.status, a.milliseconds, a.request_id
      FROM unnest(%s::bigint[]) AS c(id)
     CROSS JOIN LATERAL (SELECT * FROM patients_uploadattempt WHERE card_id = c.id ORDER BY at DESC LIMIT 1) a
     ORDER BY a.at DESC"""


def of_reason(*, state: str, code: str, lpus: Iterable[Lpu], cards: int, now: datetime) -> str:
    """About all cards with one reason, with the last attempts of some of them. Two statements."""
    found = CardUpload.objects.listed_as(state, code)
    ids = list(found.values_list("pk", flat=True)[:EXAMPLES])
    told = _("The MIP answers so for %(cards)d of our cards: %(reason)s.") % {
        "cards": cards,
        "reason": exchange_words.reason_of(code) or exchange_words.name_of(state),
    }
    return _about_attempts(told, fetch(_LAST, [ids]), lpus, now)


def of_card(*, card_id: int, lpus: Iterable[Lpu], now: datetime) -> str:
    """About the last attempts of one card, which is not named. One statement."""
    told = _("These are our attempts to upload one card, the newest first.")
    return _about_attempts(told, history.of_card(card_id=card_id, limit=EXAMPLES), lpus, now)


def of_unknown(*, run: Reconciliation, lpus: Iterable[Lpu], now: datetime) -> str:
    """About the cards that the MIP holds for us and we do not have, the first of them by guid. One statement."""
    found = list(findings.of(run=run, kind=ReconciliationFinding.Kind.UNKNOWN)[:NAMED])
    told = [
        _("On %(when)s (UTC) the MIP held %(cards)d cards of our institution that we do not have.")
        % {"when": _moment(run.started_at), "cards": run.unknown},
        _("Please tell us when and with which login each of them was uploaded; withdraw it if it came from us."),
    ]
    if len(found) < run.unknown:
        told.append(_("These are the first %(cards)d of them; we shall send the others.") % {"cards": len(found)})
    heading = _("Institution (lpuGuid); card (mkabGuid); version at the MIP")
    lines = [f"{one.lpu.guid}; {one.guid}; {one.version_there}" for one in found]
    return _letter([*told, "", heading, *lines], lpus, now)


def _about_attempts(told: str, attempts: Iterable[tuple[object, ...]], lpus: Iterable[Lpu], now: datetime) -> str:
    asked = _("Please tell us what is wrong, or what we should send instead.")
    heading = _("Time (UTC); request id (X-Request-Id); HTTP status; answer; code; took")
    return _letter([told, asked, "", heading, *(_line(*row) for row in attempts)], lpus, now)


def _letter(body: Iterable[str], lpus: Iterable[Lpu], now: datetime) -> str:
    who = [f"{lpu} ({lpu.guid})" for lpu in lpus]
    lines = [
        _("To the support of the master patient index (MIP)"),
        _("From: %(who)s") % {"who": "; ".join(who)},
        _("MIP address: %(url)s, login: %(login)s") % {"url": settings.MIP["URL"], "login": settings.MIP["LOGIN"]},
        _("Written: %(when)s (UTC)") % {"when": _moment(now)},
        "",
        *body,
    ]
    return "\n".join(lines) + "\n"


def _line(
    at: object, _version: object, outcome: object, code: object, status: object, took: object, request_id: object
) -> str:
    answer = str(status) if status is not None else _("no answer")
    code = exchange_words.plain(str(code)) or "—"
    return f"{_moment(at)}; {request_id}; {answer}; {outcome}; {code}; {took} ms"


def _moment(at: object) -> str:
    assert isinstance(at, datetime)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
