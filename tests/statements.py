"""Counting SQL: BEGIN and COMMIT aside, as the promises on statements do."""

import contextlib

from django.db import connection
from django.test.utils import CaptureQueriesContext

_ASIDE = ("BEGIN", "COMMIT", "ROLLBACK")


@contextlib.contextmanager
def statements():
    """Gives a list that holds, after the block, the SQL of every statement."""
    found = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    # Of one that the connection has prepared meanwhile, as a fixed text is after five times, the driver tells nothing.
    told = [query["sql"] or "(prepared)" for query in captured]
    found += [sql for sql in told if not sql.startswith(_ASIDE)]


def listed(found):
    """The statements for a failure message, one a line, short."""
    return "\n" + "\n".join(f"{number}. {' '.join(sql.split())[:160]}" for number, sql in enumerate(found, 1))
