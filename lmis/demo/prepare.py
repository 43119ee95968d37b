"""The database of the demo: migrated, and filled if it is empty."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.module_loading import import_string

from lmis.demo.checks import DemoError
from lmis.demo.options import Options

# By name: the data are made with the models of all apps, and imports go from them to us only.
LOAD = "appointments.demo.load.load"
REFUSED = "appointments.demo.load.DemoRefusedError"


def migrate(say: Callable[[str], None]) -> None:
    """Apply the migrations that are missing."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        say(f"migrating the database, {len(missing)} steps")
        with without_collecting():
            call_command("migrate", interactive=False, verbosity=0)


def load(options: Options, say: Callable[[str], None]) -> dict[str, Any]:
    """Make the demo data unless they are there; returns who may log in, the LPU and the sample patient.

    Raises `DemoError` when the database holds something else.
    """
    try:
        with without_collecting():
            loaded = import_string(LOAD)(lpu_guid=options.lpu_guid, now=timezone.now(), say=say)
    except import_string(REFUSED) as error:
        raise DemoError(str(error)) from error
    connections.close_all()
    found: dict[str, Any] = loaded.as_json()
    return found


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Let garbage lie meanwhile: migrating makes classes by the thousand, and looking through them is a third of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
