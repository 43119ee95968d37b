"""Who is calling (contract §2.1), as the views see it: `request.auth`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from lmis.models import ApiClient, Source


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a checked patient token says: the MIP's id of the person, MKAB guids, a source; any may be missing."""

    person_guid: UUID | None = None
    mkabs: tuple[UUID, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A client, or with `bearer` a patient whose token is the credential; `claims` only where a patient is needed."""

    client: ApiClient | None = None
    claims: TokenClaims | None = None
    bearer: bool = False

    @property
    def source(self) -> Source:
        """Source and channel of what is booked: the token's, else the client's, else `Internet`."""
        if self.claims and self.claims.source:
            return self.claims.source
        return Source(self.client.source) if self.client else Source.INTERNET
