"""What the MIP says it holds of ours, page by page (contract §4)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
from django.utils import timezone

from lmis import outgoing
from patients.mip import client
from patients.mip.answers import HIGHEST_VERSION, classify
from patients.mip.outcomes import Credentials, Later

LONGEST_NEXT = 500
LONGEST = 16 * outgoing.MEBIBYTE  # a page of some 200,000 rows


@dataclass(frozen=True, slots=True)
class Holdings:
    """One page: cards with the versions held, and where the next page begins (None: this was the last)."""

    items: list[tuple[UUID, int]]
    next: str | None


def page(*, lpu_guid: UUID, after: str = "") -> Holdings | Later | Credentials:
    """The cards of one LPU behind `after`, or why they are not to be had. Raises nothing that has to do with the
    network; waits as `client.ask` does."""
    query = {"lpuGuid": str(lpu_guid)} | ({"after": after} if after else {})
    response = client.ask("GET", "mkab", request_id=uuid4(), most=LONGEST, params=query)
    if isinstance(response, Later):
        return response
    if response.status_code != 200:
        outcome = classify(response, now=timezone.now())
        return outcome if isinstance(outcome, Later | Credentials) else Later(f"http_{response.status_code}")
    return read(response, after=after)


def read(response: httpx.Response, *, after: str) -> Holdings | Later:
    """The page in an answer; `Later("bad_answer")` when it is none, or leads back to where it began."""
    try:
        body = response.json()
        items = [(UUID(item["guid"]), _version(item["version"])) for item in body["items"]]
        following = body["next"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Later("bad_answer")
    if following is None:
        return Holdings(items, None)
    if not isinstance(following, str) or not 0 < len(following) <= LONGEST_NEXT or following == after or not items:
        return Later("bad_answer")
    return Holdings(items, following)


def _version(value: object) -> int:
    if type(value) is not int or not 0 <= value < HIGHEST_VERSION:
        raise ValueError
    return value
