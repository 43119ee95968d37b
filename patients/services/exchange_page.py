"""What the operators' page shows, from a fixed number of statements, however many cards and attempts there are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from lmis.services import alarms, broker, heartbeats
from patients.mip import client
from patients.models import CardUpload, ExchangeFigures, ExchangePause, ExchangeSettings, MipGate, Reconciliation
from patients.services import backfill, exchange_charts, exchange_words, figures, pauses

State, NOTICES = CardUpload.State, exchange_words.NOTICES
# What somebody may have to do something about comes first.
ORDER = [
    State.REJECTED,
    State.DUPLICATE,
    NOTICES,
    State.RETRY,
    State.WAITING,
    State.IN_FLIGHT,
    State.ACCEPTED,
    State.NOT_NEEDED,
]
LISTED = (State.REJECTED, State.DUPLICATE, NOTICES, State.RETRY, State.WAITING, State.IN_FLIGHT)
SENT_AGAIN = (State.REJECTED, State.DUPLICATE, NOTICES, State.RETRY)
OLD, VERY_OLD = timedelta(minutes=2), timedelta(minutes=15)
NIGHTS = timedelta(days=30)
MOST = 100  # comparisons shown, also if somebody asked for many by hand
COUNTED_LATE = figures.AHEAD


@dataclass(frozen=True, slots=True)
class Reason:
    """Cards of one state with one reason; `code` is blank for those that have none beside others that have."""

    code: str
    words: str
    cards: int

    @property
    def is_codeless(self) -> bool:
        """Then they are shown alone: a great many sent again together are told apart by their code."""
        return not self.code


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state, how many cards are in it, and why."""

    state: str
    name: Any
    to_do: Any
    cards: int
    reasons: list[Reason] = field(default_factory=list)

    @property
    def is_listed(self) -> bool:
        """Whether its cards can be looked at one by one."""
        return self.state in LISTED

    @property
    def is_sent_again(self) -> bool:
        """Whether its cards can be sent again."""
        return self.state in SENT_AGAIN

    @property
    def is_held(self) -> bool:
        """Whether a pause keeps its cards here."""
        return self.state in exchange_words.HELD


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it, at `now`."""

    now: datetime
    figures: ExchangeFigures | None
    states: list[StateRow]
    gate: MipGate | None
    pause: ExchangePause | None
    settings: ExchangeSettings
    present: heartbeats.Present
    broker: broker.Broker
    charts: tuple[exchange_charts.Chart, exchange_charts.Chart]
    troubles: list[alarms.Line]
    looked_at: datetime | None
    backfill: backfill.Progress | None
    nights: list[Reconciliation]

    @property
    def age(self) -> timedelta | None:
        """Of the oldest unsent change; None when nothing waits."""
        since = self.figures.oldest_since if self.figures else None
        return max(self.now - since, timedelta()) if since else None

    @property
    def age_level(self) -> str:
        """Good, warn or bad; what nobody has counted yet is not good."""
        if self.figures is None:
            return "bad"
        if self.age is None or self.age < OLD:
            return "good"
        return "bad" if self.age >= VERY_OLD else "warn"

    @property
    def has_address(self) -> bool:
        """Whether the settings say where the MIP is."""
        return client.is_configured()

    @property
    def is_gate_shut(self) -> bool:
        """Nobody but a probe gets through."""
        return self.gate is not None and self.gate.closed_until is not None

    @property
    def listed_night(self) -> Reconciliation | None:
        """The newest comparison that came to its end: its cards can be looked at, those before it kept counts alone."""
        return next((night for night in self.nights if night.stage == Reconciliation.Stage.DONE), None)

    @property
    def mip_workers(self) -> int:
        """Workers that send cards."""
        return len(self.present.listening_to("mip"))

    @property
    def is_counted_late(self) -> bool:
        """The figures are not of now: nobody counts, or the clock was set back since."""
        return self.figures is None or abs(self.now - self.figures.counted_at) > COUNTED_LATE

    @property
    def is_unwatched(self) -> bool:
        """Nobody looks at the alarms."""
        return self.looked_at is None or alarms.is_stale(self.looked_at, self.now)


def read(*, now: datetime) -> Overview:
    """The page. Asks the broker, so never inside a transaction.

    Statements: figures, gate, pause, settings, signs of life, minutes, marks, quiet, alarms, round, backfill (one, up
    to four while it runs), reconciliations.
    """
    counted = figures.read()
    return Overview(
        now=now,
        figures=counted,
        states=states_of(counted),
        gate=MipGate.objects.filter(pk=1).first(),
        pause=ExchangePause.objects.on(now).first(),
        settings=pauses.settings_now(),
        present=heartbeats.present(now=now),
        broker=broker.look(),
        charts=exchange_charts.read(now=now),
        troubles=alarms.lines(now=now),
        looked_at=alarms.last_look(),
        backfill=backfill.progress(now=now),
        nights=list(Reconciliation.objects.filter(started_at__gt=now - NIGHTS).order_by("-started_at")[:MOST]),
    )


def states_of(counted: ExchangeFigures | None) -> list[StateRow]:
    """Every state there is a card in, with its reasons, in the order of what is to be done; and the refused notices."""
    reasons: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for state, code, cards in counted.reasons if counted else ():
        reasons[state][exchange_words.plain(code)] += cards
    for _state, code, cards in counted.notices if counted else ():
        reasons[NOTICES][exchange_words.plain(code)] += cards
    return [_row(state, reasons[state]) for state in ORDER if state in reasons]


def cards_of(state: str, code: str) -> int:
    """How many cards are in this state with this reason, as counted last; one statement."""
    rows = states_of(figures.read())
    found = next((row for row in rows if row.state == state), None)
    if found is None:
        return 0
    return next((one.cards for one in found.reasons if one.code == code), 0 if code else found.cards)


def _row(state: str, by_code: dict[str, int]) -> StateRow:
    reasons = [_reason(code, cards) for code, cards in by_code.items()] if any(by_code) else []
    return StateRow(
        state=str(state),
        name=exchange_words.name_of(state),
        to_do=exchange_words.to_do(state),
        cards=sum(by_code.values()),
        reasons=sorted(reasons, key=lambda one: (not one.code, -one.cards)),
    )


def _reason(code: str, cards: int) -> Reason:
    return Reason(code, exchange_words.reason_of(code) if code else _("without a reason yet"), cards)
