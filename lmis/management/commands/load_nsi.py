"""`manage.py load_nsi FILE…`: dictionaries of the ministry and of the insurance fund."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.services import nsi_loading
from lmis.services.nsi_files import COLUMNS, FileRefused, Foreign

_FOREIGN = ("oid", "source", "date", "code_column", "name_column")


class Command(BaseCommand):
    help = "Brings dictionaries up to CSV files; each file is loaded as a whole or not at all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The files, and how to read one in columns of its own."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"with the columns {','.join(COLUMNS)}")
        group = parser.add_argument_group("a file in columns of its own, such as the ministry's")
        group.add_argument("--oid", help="the dictionary that it is")
        group.add_argument("--dictionary-version", default="", help="its version")
        group.add_argument("--source", help="where it was got from")
        group.add_argument("--date", help="when, as 2026-01-31")
        group.add_argument("--code-column", help="which column has the codes")
        group.add_argument("--name-column", help="which column has the names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load one after the other; the first that is refused ends it."""
        foreign = _foreign(options)
        for path in options["files"]:
            self._load(path, foreign)

    def _load(self, path: Path, foreign: Foreign | None) -> None:
        def progress(rows: int) -> None:
            self.stderr.write(f"{path.name}: {rows} rows read")

        try:
            loaded = nsi_loading.load(path=path, by=SYSTEM, now=timezone.now(), foreign=foreign, progress=progress)
        except FileRefused as refusal:
            raise CommandError("\n".join([f"{path.name}: {refusal.message}", *refusal.lines])) from refusal
        except OSError as error:
            raise CommandError(str(error)) from error
        same = loaded.rows - loaded.added - loaded.changed
        self.stdout.write(
            f"{path.name}: {loaded.added} new, {loaded.changed} changed, {same} as they were,"
            f" {loaded.withdrawn} no longer in it, {loaded.skipped} headings left aside"
        )


def _foreign(options: dict[str, Any]) -> Foreign | None:
    """None when the file is in our columns. Raises CommandError when something is left out."""
    given = [name for name in _FOREIGN if options[name]]
    if not given and not options["dictionary_version"]:
        return None
    missing = [f"--{name.replace('_', '-')}" for name in _FOREIGN if not options[name]]
    if missing:
        raise CommandError(f"For a file in columns of its own say also {', '.join(missing)}.")
    return Foreign(version=options["dictionary_version"], **{name: options[name] for name in _FOREIGN})
