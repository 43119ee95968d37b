"""Which index a statement would use: asked in a table of a few rows, where any index is as good as another."""

import contextlib

from django.db import connection, transaction

_OTHERS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
      FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u', 'x')
     UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass) FROM pg_index i
     WHERE indrelid = %(table)s::regclass AND indexrelid <> %(keep)s::regclass
       AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)"""


@contextlib.contextmanager
def only(table, keep):
    """Inside, the table has just the index named, and reading it row by row is not chosen; a cursor. All comes back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_OTHERS, {"table": table, "keep": keep})
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        yield cursor
        transaction.set_rollback(True)


def plan(cursor, statement, parameters=None, options=""):
    """The lines of the plan."""
    cursor.execute(f"EXPLAIN {options} {statement}", parameters)
    return [row[0] for row in cursor.fetchall()]
