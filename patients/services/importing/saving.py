"""Writing down what became of staged rows."""

from __future__ import annotations

from collections.abc import Sequence

from lmis.rows import execute
from patients.models import CardImportRow

# By arrays and not by `bulk_update`, whose two thousand cases took longer to compose than all the rest of a batch: on a
# busy machine so long that the database took the transaction for a dead one.
_SAVE = """
    UPDATE patients_cardimportrow r
       SET fate = n.fate, reason = n.reason, card_id = n.card, identity = n.identity, written = n.written
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::boolean[])
           AS n (id, fate, reason, card, identity, written)
     WHERE r.id = n.id"""


def save(rows: Sequence[CardImportRow]) -> None:
    """Fate, reason, card, identity and whether it is written, of these rows; one statement."""
    of_each = ((r.pk, str(r.fate), str(r.reason), r.card_id, r.identity, r.written) for r in rows)
    columns = [list(column) for column in zip(*of_each, strict=True)]
    if columns:
        execute(_SAVE, columns)
