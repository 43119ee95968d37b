"""`manage.py load_calendar [FILE]`: holidays and moved working days of a year."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from lmis.actors import SYSTEM
from lmis.services import calendar_loading


class Command(BaseCommand):
    help = "Brings the calendar of holidays up to a CSV file; days that the file does not name stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file; without one, that which comes with the system."""
        parser.add_argument("file", nargs="?", type=Path, default=calendar_loading.DEFAULT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say what the file brought."""
        try:
            loaded = calendar_loading.load(path=options["file"], by=SYSTEM)
        except (ValidationError, OSError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"days: {loaded.added} new, {loaded.changed} changed, {loaded.same} as they were")
