"""The regional directory of LPUs, as far as we write it ourselves."""

from __future__ import annotations

import logging
from uuid import UUID

from lmis.models import Lpu

logger = logging.getLogger(__name__)


def find_or_add(*, guid: UUID, by: str) -> Lpu:
    """The LPU with this guid; one never heard of is added as unconfirmed and nameless (contract A.3).

    In: `by` is the actor's label, for the log. Statements: known 1, new 3.
    """
    return Lpu.objects.filter(guid=guid).first() or add(guid=guid, by=by)


def add(*, guid: UUID, by: str) -> Lpu:
    """Like `find_or_add`, for an LPU that the caller has just not found; two statements."""
    # Two directions from one new LPU would both miss it and both insert:
    # the loser waits for the winner, inserts nothing, and reads the winner's row.
    Lpu.objects.bulk_create([Lpu(guid=guid, is_confirmed=False)], ignore_conflicts=True)
    logger.info("LPU %s added to the directory, unconfirmed, by %s", guid, by)
    return Lpu.objects.get(guid=guid)
