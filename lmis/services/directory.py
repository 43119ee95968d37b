"""The regional directory of LPUs, as far as we write it ourselves."""

from __future__ import annotations

import hashlib
import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Lpu
from lmis.rows import fetch
from lmis.text import name_key

logger = logging.getLogger(__name__)


class LpuNameless(Refusal):
    """Staff only: the API confirms nothing."""

    status = 409
    code = "lpu_nameless"
    message = _("Enter the name of this LPU first: nobody would recognise it by its guid.")


def find_or_add(*, guid: UUID, by: str) -> Lpu:
    """The LPU with this guid, or the entry into which it was merged; one never heard of is added as unconfirmed and
    nameless (contract A.3).

    In: `by` is the actor's label, for the log. Statements: known 1, merged 2, new 4.
    """
    return Lpu.objects.filter(guid=guid).first() or add(guid=guid, by=by)


def add(*, guid: UUID, by: str) -> Lpu:
    """Like `find_or_add`, for an LPU that the caller has just not found; three statements."""
    merged = Lpu.objects.filter(aliases__guid=guid).first()
    if merged is not None:
        return merged
    # Two directions from one new LPU would both miss it and both insert:
    # the loser waits for the winner, inserts nothing, and reads the winner's row.
    Lpu.objects.bulk_create([Lpu(guid=guid, is_confirmed=False)], ignore_conflicts=True)
    logger.info("LPU %s added to the directory, unconfirmed, by %s", guid, by)
    return Lpu.objects.get(guid=guid)


def find_or_add_named(*, name: str, by: str) -> Lpu:
    """The LPU of this full or short name (case and ё aside), own ones first; else it is added as unconfirmed.

    In: a name that is not blank, as it stands on a paper; `by` is the actor's label, for the log. The guid of an added
    one is ours, until the clinic learns the real one.
    """
    name = " ".join(name.split())[: Lpu._meta.get_field("name").max_length]
    with transaction.atomic():
        # Two desks may read the same new name from two papers, and both would add it:
        # the second waits here until the first is committed, and then finds it.
        fetch("SELECT pg_advisory_xact_lock(%s)", [_name_lock(name)])
        known = _of_name(name)
        if known is not None:
            return known
        added = Lpu.objects.create(name=name, is_confirmed=False)
    logger.info("LPU %s added to the directory by its name, unconfirmed, by %s", added.guid, by)
    return added


def confirm(*, lpu: Lpu, by: Actor) -> bool:
    """Say that an LPU which a direction brought along is known and named rightly; False when that was said before.

    Raises LpuNameless for one without a name: nobody would recognise it in a list.
    """
    # Two may confirm at once, or one while another renames: only the column is written, and only by the first.
    if not (lpu.name or lpu.short_name):
        raise LpuNameless
    fresh = Lpu.objects.select_for_update().get(pk=lpu.pk)
    if fresh.is_confirmed:
        return False
    fresh.is_confirmed = True
    fresh.save(update_fields=["is_confirmed"])
    logger.info("LPU %s confirmed by %s", lpu.guid, by)
    return True


def _of_name(name: str) -> Lpu | None:
    """The directory of a region is a few hundred rows: they are compared here, by the one rule for names."""
    sought = name_key(name)
    rows = Lpu.objects.order_by("-is_own", "-is_confirmed", "pk")
    return next((lpu for lpu in rows if sought in (name_key(lpu.name), name_key(lpu.short_name))), None)


def _name_lock(name: str) -> int:
    digest = hashlib.blake2b(f"lpu\0{name_key(name)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
