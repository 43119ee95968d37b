"""What people do to an import: bring a file, match its columns, confirm, cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Lpu
from patients.exceptions import LpuNotOwn
from patients.models import CardImport, CardImportChunk, CardImportRow
from patients.services.importing import columns

State = CardImport.State
LARGEST = 100 * 2**20
PIECE = 2**20
KEPT = dt.timedelta(days=30)


class NotNow(Refusal):
    """Somebody was faster, or the worker is not there yet. Never from the API."""

    status = 409
    message = _("This import has moved on meanwhile: look at its state.")


class TooLarge(Refusal):
    """A file larger than `LARGEST`. Never from the API."""

    status = 413
    message = _("The file is larger than 100 MB: divide it.")


class NoSurname(Refusal):
    """Columns matched without one for the surname, or two for one field. Never from the API."""

    status = 400
    message = _("Say which column has the surname, and give each field one column only.")


def upload(*, pieces: Iterable[bytes], file_name: str, lpu: Lpu, by: Actor) -> CardImport:
    """A new import with its file, as it came; a worker reads it. Raises LpuNotOwn, TooLarge."""
    if not lpu.is_own:
        raise LpuNotOwn
    assert isinstance(by.user, User)
    with transaction.atomic():
        made = CardImport.objects.create(
            lpu=lpu, user=by.user, file_name=file_name[:255], language=translation.get_language() or "ru"
        )
        size = 0
        for ordinal, piece in enumerate(pieces):
            size += len(piece)
            if size > LARGEST:
                raise TooLarge
            CardImportChunk.objects.create(card_import=made, ordinal=ordinal, data=piece)
    return made


def match(*, card_import: CardImport, mapping: Sequence[str], overwrite: bool, by: Actor) -> CardImport:
    """Say which field each column is, and let the rows be checked; also again, after a look at their fates.

    Raises NotNow, NoSurname.
    """
    given = [field for field in mapping if field]
    if len(mapping) != len(card_import.header) or not set(given) <= set(columns.FIELDS):
        raise NoSurname
    if len(given) != len(set(given)) or not {"family", columns.FULL_NAME} & set(given):
        raise NoSurname
    with transaction.atomic():
        _move(card_import, {State.MAPPING, State.CHECKED}, State.CHECKING)
        card_import.rows.exclude(fate=CardImportRow.Fate.UNCHECKED).update(fate="", reason="", card=None, identity=None)
        news = {"mapping": list(mapping), "overwrite": overwrite, "checked": 0, "told_at": None}
        CardImport.objects.filter(pk=card_import.pk).update(**news)
    return CardImport.objects.get(pk=card_import.pk)


def confirm(*, card_import: CardImport, by: Actor) -> None:
    """Write what the check said. Raises NotNow."""
    with transaction.atomic():
        _move(card_import, {State.CHECKED}, State.WRITING)


def cancel(*, card_import: CardImport, by: Actor, now: dt.datetime) -> None:
    """Stop; cards that have been written stay. Raises NotNow when it is over already."""
    with transaction.atomic():
        # A worker in the middle of a batch holds the row: this waits for the batch, and the next one is not begun.
        _move(card_import, {*CardImport.WORKING, State.MAPPING, State.CHECKED}, State.CANCELLED)
        CardImport.objects.filter(pk=card_import.pk).update(finished_at=now)
        card_import.chunks.all().delete()


def fates_of(card_import: CardImport) -> dict[str, int]:
    """How many rows have which fate; one statement."""
    return dict(card_import.rows.order_by().values_list("fate").annotate(Count("pk")))


def prune(*, now: dt.datetime) -> int:
    """Delete imports that ended a month ago, with their rows: they hold people's data. How many."""
    old = CardImport.objects.filter(finished_at__lt=now - KEPT)[:10]
    return sum(one.delete()[1].get("patients.CardImport", 0) for one in old)


def _move(card_import: CardImport, before: set[str], after: str) -> None:
    moved = CardImport.objects.filter(pk=card_import.pk, state__in=before).update(state=after, told_at=None)
    if not moved:
        raise NotNow
