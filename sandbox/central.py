"""The central service in small: polls an LMIS's resources and schedule (contract D, F) and keeps a cache.

Needs httpx and nothing of the sandbox's server, so that tests and the conformance run use it against any LMIS.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import httpx

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What the central service believes about one LMIS; a poll makes a new one. Keys of the maps are guids."""

    resources: Mapping[str, Item] = field(default_factory=dict)
    slots: Mapping[str, Item] = field(default_factory=dict)
    revision: str = ""
    resources_tag: str = ""
    schedule_tag: str = ""

    def free(self, now: datetime) -> list[Item]:
        """Slots that can be booked at `now` (aware): told to be free, and not begun since."""
        return [
            slot for slot in self.slots.values() if slot["free"] > 0 and datetime.fromisoformat(slot["begin"]) > now
        ]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one poll went: the HTTP status of both questions (0: no answer), whether the window was replaced (None
    without a 200), how many slots came, and `error` in words, "" when all went well."""

    resources: int = 0
    schedule: int = 0
    full: bool | None = None
    received: int = 0
    error: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class BadAnswer(Exception):
    """The LMIS answered something that the contract does not know."""


class Poller:
    """Polls the LMIS at `base_url` (as in the LPU directory) with an API client's login and secret.

    `filters` are further query parameters of F that each poll carries (`lpu`, `speciality`). A `client` of the
    caller's is used as it is; else one is made with `timeout` seconds. Safe to share between threads: a poll waits
    for the one before it, reading never waits.
    """

    def __init__(
        self,
        base_url: str,
        login: str,
        secret: str,
        *,
        filters: Mapping[str, str] | None = None,
        client: httpx.Client | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.auth = httpx.BasicAuth(login, secret)
        self.filters = dict(filters or {})
        self.client = client or httpx.Client(timeout=timeout)
        self.belief = Belief()
        self.last: Outcome | None = None
        self.polls = 0
        self._one_at_a_time = threading.Lock()

    def forget(self) -> None:
        """Drop the cache: the next poll asks for everything."""
        with self._one_at_a_time:
            self.belief = Belief()

    def poll(self, date_from: date | None = None, date_to: date | None = None) -> Outcome:
        """Ask for what changed and take it over. Does not raise for what the LMIS or the network does: a failed
        question leaves that part of the cache as it was and is told in the Outcome."""
        with self._one_at_a_time:
            outcome = Outcome()
            try:
                outcome = replace(outcome, resources=(status := self._poll_resources()))
                if status not in (200, 304):
                    raise BadAnswer(f"resources answered {status}")
                outcome = self._poll_schedule(outcome, date_from, date_to)
            except httpx.HTTPError as error:
                outcome = replace(outcome, error=f"no answer: {type(error).__name__}")
            except BadAnswer as error:
                outcome = replace(outcome, error=str(error))
            self.polls += 1
            self.last = outcome
            return outcome

    def _poll_resources(self) -> int:
        answer = self._ask("/resources", {}, self.belief.resources_tag)
        if answer.status_code == 200:
            items = _by_guid(_body(answer))
            tag = answer.headers.get("ETag", "")
            self.belief = replace(self.belief, resources=items, resources_tag=tag)
        return answer.status_code

    def _poll_schedule(self, outcome: Outcome, date_from: date | None, date_to: date | None) -> Outcome:
        window = {"dateFrom": date_from, "dateTo": date_to}
        query = self.filters | {name: day.isoformat() for name, day in window.items() if day}
        if self.belief.revision:
            query["changedSince"] = self.belief.revision
        answer = self._ask("/schedule", query, self.belief.schedule_tag)
        outcome = replace(outcome, schedule=answer.status_code)
        if answer.status_code == 304:
            return outcome
        if answer.status_code != 200:
            return replace(outcome, error=f"schedule answered {answer.status_code}")
        body = _body(answer)
        came = _slots(body)
        slots = came if body["full"] else {**self.belief.slots, **came}
        slots = {guid: slot for guid, slot in slots.items() if _within(slot, date_from, date_to)}
        tag = answer.headers.get("ETag", "")
        self.belief = replace(self.belief, slots=slots, revision=body["revision"], schedule_tag=tag)
        return replace(outcome, full=body["full"], received=len(came))

    def _ask(self, path: str, query: dict[str, str], tag: str) -> httpx.Response:
        headers = {"If-None-Match": tag} if tag else {}
        return self.client.get(self.base_url + path, params=query, headers=headers, auth=self.auth)


def _body(answer: httpx.Response) -> Item:
    try:
        body = answer.json()
    except ValueError as error:
        raise BadAnswer("the answer is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise BadAnswer("the answer has no items")
    return body


def _by_guid(body: Item) -> dict[str, Item]:
    items = body["items"]
    if not all(isinstance(item, dict) and isinstance(item.get("guid"), str) for item in items):
        raise BadAnswer("an item has no guid")
    return {item["guid"]: item for item in items}


def _slots(body: Item) -> dict[str, Item]:
    if not isinstance(body.get("full"), bool) or not isinstance(body.get("revision"), str):
        raise BadAnswer("schedule without full or revision")
    slots = _by_guid(body)
    for slot in slots.values():
        if type(slot.get("free")) is not int or not _is_moment(slot.get("begin")):
            raise BadAnswer("a slot without free places or beginning")
    return slots


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _within(slot: Item, date_from: date | None, date_to: date | None) -> bool:
    """Begins are told in the LPU's own zone, so their first ten characters are its day."""
    day = date.fromisoformat(slot["begin"][:10])
    return (date_from is None or day >= date_from) and (date_to is None or day <= date_to)
