"""`manage.py renew_epoch`: to be run once after the database was restored from a backup."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from lmis.actors import SYSTEM
from lmis.services import epoch


class Command(BaseCommand):
    help = "After a restore: makes every poller take the schedule in full, since it may know what is no longer true."

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew, and say so."""
        self.stdout.write(f"epoch: {epoch.renew(by=SYSTEM)}")
