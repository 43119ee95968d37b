"""What became of one sending, in our words; whoever records it need not know HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

FORBIDDEN = "forbidden"  # 403: our login, or something before the MIP that dislikes this card's text
OF_ONE_CARD = "http_403"  # the same when it is known to be the card


@dataclass(frozen=True, slots=True)
class Accepted:
    """The MIP holds `version` of the card, which may be higher than the one sent."""

    version: int
    person_guid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One of several things that the MIP finds wrong in a card; the text as in `Rejected`."""

    field: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Somebody must mend the card. The text is the MIP's and may name the patient: for staff, never for logs.

    `field` and `text` are the first of `faults`, which is empty when the MIP gave no list.
    """

    code: str
    text: str = ""
    field: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The MIP suspects that the person has another card; an operator must look. The text as in `Rejected`."""

    code: str = "duplicate"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The MIP does not know us, or does not let us in: no card will fare better."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is wrong with the card; `retry_after` in seconds if the MIP said so."""

    reason: str
    retry_after: float | None = None


Outcome = Accepted | Rejected | Duplicate | Credentials | Later
