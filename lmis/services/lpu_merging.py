"""Two entries of the directory that are one LPU outside: what points to the one goes to the other.

The apps above say once what of theirs goes along (`takes_along`); an entry to which anything else points is no LPU
outside. The guid stays known: what the region sends with it later means the entry that stayed.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Lpu, LpuAlias
from lmis.services import journal

logger = logging.getLogger(__name__)
FILLED = ("name", "short_name", "oid", "ogrn", "address", "phone", "entry_point")
_taken_along: list[tuple[type[models.Model], str]] = [(LpuAlias, "lpu")]


class LpuOurs(Refusal):
    """Staff only: what we serve has doctors, cards and a schedule."""

    status = 409
    code = "lpu_ours"
    message = _("An LPU that this system serves is not merged. Choose an entry of an institution outside.")


class LpuSame(Refusal):
    """Staff only: an entry and itself."""

    status = 409
    code = "lpu_same"
    message = _("These are not two entries: choose another one, which stays.")


class LpuInUse(Refusal):
    """Staff only: something belongs to the entry that does not go along."""

    status = 409
    code = "lpu_in_use"
    message = _("Doctors, rooms or cards belong to this entry: move them first.")


def takes_along(model: type[models.Model], field: str) -> None:
    """Say that rows of this model go to the entry that stays, by this reference. Called by the app that owns it."""
    _taken_along.append((model, field))


def counted(lpu: Lpu) -> list[tuple[type[models.Model], int]]:
    """How much of each model would go along, by model; what there is none of is left out."""
    found: dict[type[models.Model], int] = {}
    for model, field in _taken_along:
        found[model] = found.get(model, 0) + model._base_manager.filter(**{field: lpu}).count()
    return [(model, count) for model, count in found.items() if count]


@transaction.atomic
def merge(*, duplicate: Lpu, into: Lpu, by: Actor, now: datetime) -> Lpu:
    """Take everything from `duplicate` to `into`, fill in what that one lacks, and strike `duplicate` out.

    Out: the entry that stays. Raises LpuOurs, LpuSame, LpuInUse.
    """
    if duplicate.pk == into.pk:
        raise LpuSame
    duplicate, into = _locked(duplicate, into)
    if duplicate.is_own or into.is_own:
        raise LpuOurs
    if _is_used_otherwise(duplicate):
        raise LpuInUse
    before = _aliases(into)
    for model, field in _taken_along:
        model._base_manager.filter(**{field: duplicate}).update(**{field: into})
    former = {"guid": duplicate.guid, "name": str(duplicate.name or duplicate.short_name)}
    LpuAlias.objects.update_or_create(
        guid=duplicate.guid, defaults={**former, "lpu": into, "merged_at": now, "merged_by": str(by)}
    )
    filled = {name: getattr(duplicate, name) for name in FILLED if getattr(duplicate, name) and not getattr(into, name)}
    duplicate.delete()
    if filled:
        journal.note_changed(into, filled, by=by)
        Lpu.objects.filter(pk=into.pk).update(**filled)
    journal.note_list(into, "aliases", before, _aliases(into), by=by)
    logger.info("LPU %s merged into %s by %s", former["guid"], into.guid, by)
    return Lpu.objects.get(pk=into.pk)


def _locked(duplicate: Lpu, into: Lpu) -> tuple[Lpu, Lpu]:
    """Both afresh. Raises LpuSame when one of them is no entry any more."""
    # Somebody may merge them the other way round, or a direction to the duplicate may be coming in just now: the first
    # to lock goes on, and a direction waits for the lock that its reference needs.
    found = {
        lpu.pk: lpu for lpu in Lpu.objects.select_for_update().filter(pk__in=[duplicate.pk, into.pk]).order_by("pk")
    }
    if len(found) != 2:
        raise LpuSame
    return found[duplicate.pk], found[into.pk]


def _is_used_otherwise(lpu: Lpu) -> bool:
    """Whether anything points here that does not go along."""
    along = {(model, field) for model, field in _taken_along}
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: lpu}).exists()
        for relation in Lpu._meta.related_objects
        if (relation.related_model, relation.field.name) not in along
    )


def _aliases(lpu: Lpu) -> str:
    return ", ".join(str(one) for one in LpuAlias.objects.filter(lpu=lpu))
