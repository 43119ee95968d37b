"""`manage.py demo`: the whole system with demo data on this machine; see `lmis.demo`."""

from __future__ import annotations

import errno
import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from lmis.demo.checks import DemoError
from lmis.demo.options import Options, add_arguments
from lmis.demo.supervisor import Supervisor
from lmis.embedded import EmbeddedError


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM; ends with 2 and one line when it cannot start."""

    help = "Run database, Redis, web, worker, beat and a region with demo data."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of design §3."""
        add_arguments(parser, data_dir=settings.DATA_DIR)

    def handle(self, **given: Any) -> None:
        """Run the demo."""
        logging.getLogger().setLevel(logging.WARNING)  # progress is what we print; web and workers keep their logs
        try:
            with translation.override("en"):
                Supervisor(Options.of(given), self.stdout).run()
        except (DemoError, EmbeddedError) as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise CommandError(f"No disk space: {settings.DATA_DIR} is full.", returncode=2) from error
