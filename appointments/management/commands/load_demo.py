"""`manage.py load_demo`: the demo's data, and what opens it, as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.demo.load import DemoRefusedError, load


class Command(BaseCommand):
    help = "Loads the demo's data into an empty database, or brings the schedule of a loaded one up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which LPU, and where to write what opens it."""
        parser.add_argument("--lpu-guid", type=UUID, help="guid of the own LPU; default: the usual one")
        parser.add_argument("--out", type=Path, help="file for logins, secrets and the sample, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, then tell; a refusal changes nothing."""
        try:
            loaded = load(lpu_guid=options["lpu_guid"], now=timezone.now(), say=self.stdout.write)
        except DemoRefusedError as error:
            raise CommandError(str(error)) from error
        if options["out"]:
            _write(options["out"], orjson.dumps(loaded.as_json(), option=orjson.OPT_INDENT_2))
        self.stdout.write(_("The demo's data is ready."))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner alone: it holds secrets."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.touch(mode=0o600)
    draft.write_bytes(content + b"\n")
    draft.replace(path)
