"""Models from plain SQL, for the few statements of every API call.

Composing an ORM query costs more processor time than PostgreSQL needs to answer it, and a booking makes eight. These
few are written once as text; everything else uses QuerySets.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

import psycopg
from django.db import IntegrityError, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model

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
    with _cursor() as cursor:
        cursor.execute(sql, params)
        return cast("list[tuple[Any, ...]]", cursor.fetchall())


def execute(sql: str, params: Sequence[Any]) -> None:
    """Run a statement that returns no rows."""
    with _cursor() as cursor:
        cursor.execute(sql, params)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused, or an empty string."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""


def insert(thing: Model) -> None:
    """INSERT a new instance and give it its key: like `bulk_create([thing])`, with a text composed once a model.

    Every column must have a value: none is left to the database.
    """
    sql, fields = _insertion(type(thing))
    values = [field.get_db_prep_save(getattr(thing, field.attname), connection) for field in fields]
    thing.pk = fetch(sql, values)[0][0]
    thing._state.adding, thing._state.db = False, connection.alias


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Field]]:
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not (field.primary_key or field.generated)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({marks}) RETURNING "{meta.pk.column}"', fields  # noqa: S608


def _cursor() -> CursorWrapper:
    """Like `connection.cursor()`, but values travel beside the text.

    PostgreSQL then plans the text once a connection (`prepare_threshold`) and not once a call.
    """
    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    return cast(CursorWrapper, connection._prepare_cursor(cursor))  # type: ignore[attr-defined]
