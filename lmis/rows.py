"""Models from plain SQL, for the few statements of every API call.

Composing an ORM query costs more processor time than PostgreSQL needs to answer it, and a booking makes eight. These
few are written once as text; everything else uses QuerySets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """Some columns of a model in a SELECT under an alias, and the way back from a row to an instance.

    Columns that are not named are deferred: read when somebody asks, one statement each.
    """

    def __init__(self, model: type[M], alias: str, *names: str) -> None:
        chosen = [model._meta.get_field(name) for name in names] if names else list(model._meta.concrete_fields)
        self.model = model
        self.names = [field.attname for field in chosen]  # type: ignore[union-attr]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in chosen)  # type: ignore[union-attr]

    def __len__(self) -> int:
        return len(self.names)

    def read(self, values: Sequence[Any]) -> M:
        """The instance of these values, in the order of `sql`."""
        return self.model.from_db("default", self.names, list(values))


def fetch(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def execute(sql: str, params: Sequence[Any]) -> tuple[Any, ...] | None:
    """Run a statement that writes; its first row when it returns one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone() if cursor.description else None
