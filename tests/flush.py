"""Emptying the database between tests that commit.

Our own triggers refuse `TRUNCATE` and the deletion of published slots, as they should. So the flush runs with
`session_replication_role = replica`, in which triggers and foreign keys are silent, and afterwards puts back the
rows that the migrations had made (groups, permissions, content types, the epoch): later tests count on them.
"""

from django.apps import apps
from django.db import transaction
from django.db.backends.postgresql.operations import DatabaseOperations

KEPT = "flush_kept"  # the schema with the copies


def remember(connection):
    """Copy every non-empty table, as the migrations left it."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE")
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in _tables(connection):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {quote(table)})")
            if cursor.fetchone()[0]:
                cursor.execute(f"CREATE TABLE {KEPT}.{quote(table)} AS TABLE {quote(table)}")


def install():
    """Make Django's flush delete and put back, instead of truncating."""

    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        return [f"DELETE FROM {self.quote_name(table)}" for table in tables] + _put_back(self.connection)

    def execute_sql_flush(self, sql_list):
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(";".join(sql_list))

    DatabaseOperations.sql_flush = sql_flush
    DatabaseOperations.execute_sql_flush = execute_sql_flush


def _tables(connection):
    """The tables that Django's own flush would empty."""
    present = set(connection.introspection.table_names())
    models = apps.get_models(include_auto_created=True)
    return sorted({m._meta.db_table for m in models if m._meta.managed} & present)


def _put_back(connection):
    """One INSERT for each remembered table; generated columns make themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT format('INSERT INTO %%I (%%s) SELECT %%s FROM %%I.%%I', relname, columns, columns, nspname, relname)
            FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, LATERAL (
                SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
                WHERE attrelid = to_regclass(quote_ident(relname)) AND attnum > 0
                  AND attgenerated = '' AND NOT attisdropped) AS listed
            WHERE nspname = %s AND relkind = 'r'
            """,
            [KEPT],
        )
        return [row[0] for row in cursor.fetchall()]
