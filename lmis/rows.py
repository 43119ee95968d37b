"""Models from plain SQL, for the few statements of every API call.

Composing an ORM query costs more processor time than PostgreSQL needs to answer it, and a booking makes eight. These
few are written once as text; everything else uses QuerySets.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Field, Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """Some columns of a model in a SELECT under an alias, and the way back from a row to an instance.

    Columns that are not named are deferred: read when somebody asks, one statement each.
    """

    def __init__(self, model: type[M], alias: str, *names: str) -> None:
        chosen = [model._meta.get_field(name) for name in names] if names else list(model._meta.concrete_fields)
        self.model = model
        self.names = tuple(field.attname for field in chosen)  # type: ignore[union-attr]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in chosen)  # type: ignore[union-attr]

    def __len__(self) -> int:
        return len(self.names)

    def read(self, values: Sequence[Any]) -> M:
        """The instance of these values, in the order of `sql`.

        Made as unpickling makes one: `__init__` and its signals, to which nobody listens, cost more than the values.
        """
        made = self.model.__new__(self.model)
        state = ModelState()
        state.db, state.adding = DEFAULT_DB_ALIAS, False
        made.__dict__.update(zip(self.names, values, strict=True), _state=state)
        return made


def fetch(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement; none of one that returns none.

    Like a cursor of `connection`, but values travel beside the text: PostgreSQL then plans it once a connection
    (`prepare_threshold`) and not once a call. Django's wrapper around the cursor is left out unless somebody listens:
    it costs as much as the statement itself.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    cursor: psycopg.Cursor[Any] = ServerBindingCursor(wrapper.connection)  # type: ignore[call-arg, assignment]
    with wrapper.wrap_database_errors, cursor:
        if wrapper.queries_logged or wrapper.execute_wrappers:
            wrapper._prepare_cursor(cursor).execute(sql, params)  # type: ignore[attr-defined]
        else:
            wrapper.validate_no_broken_transaction()
            cursor.execute(sql, params)
        # Not `description`, which makes an object of each column.
        return [] if cursor.rownumber is None else cursor.fetchall()


def execute(sql: str, params: Sequence[Any]) -> None:
    """Run a statement whose rows, if any, nobody reads."""
    fetch(sql, params)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused, or an empty string."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""


def insert(thing: Model) -> None:
    """INSERT a new instance and give it its key: like `bulk_create([thing])`, with a text composed once a model.

    Every column must have a value: none is left to the database.
    """
    sql, fields = _insertion(type(thing))
    wrapper = connections[DEFAULT_DB_ALIAS]
    values = [field.get_db_prep_save(getattr(thing, field.attname), wrapper) for field in fields]
    thing.pk = fetch(sql, values)[0][0]
    thing._state.adding, thing._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Field]]:
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not (field.primary_key or field.generated)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({marks}) RETURNING "{meta.pk.column}"'  # noqa: S608
    return sql, fields
