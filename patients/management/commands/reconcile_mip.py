"""`manage.py reconcile_mip`: what the MIP holds of ours, against what we think it holds."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.exceptions import Refusal
from patients.models import Reconciliation, ReconciliationFinding
from patients.services import findings, permits, reconciliation, reconciling

Kind = ReconciliationFinding.Kind
HELD_UP = "A pause lasts or the gate to the MIP is shut%s: nothing is asked. Beat goes on once that is over."
_TURN = timedelta(seconds=5)


class Command(BaseCommand):
    """Begins one, or goes on with the one that is not over, and works on it beside the workers."""

    help = "Ask the MIP which cards it holds of ours, and mend the differences. Nightly by beat as well."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only what to show."""
        parser.add_argument("--list", choices=Kind.values, help="show these cards of the last run and do nothing else")
        parser.add_argument("--trend", action="store_true", help="show the last 30 runs and do nothing else")

    @no_translations  # what is done about each kind has one text, on the operators' page in their language
    def handle(self, *args: Any, **options: Any) -> None:
        """Work until it is over; ends with status 1 when the MIP does not answer."""
        if options["trend"]:
            self._trend()
        elif options["list"]:
            self._list(options["list"])
        else:
            self._run()

    def _run(self) -> None:
        try:
            run = reconciliation.start(by=SYSTEM, now=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal.message)) from refusal
        failures = run.failures
        while not run.ended_at:
            if not reconciling.work(until=timezone.now() + _TURN):
                time.sleep(0.5)  # somebody else works on it
            run.refresh_from_db()
            self.stdout.write(f"{run.get_stage_display()}: {run.held} cards there")
            if run.stage == Reconciliation.Stage.ASKING and permits.is_held_up(now=timezone.now()):
                raise CommandError(HELD_UP % (f" ({run.error})" if run.error else ""))
            if run.failures > failures:
                raise CommandError(f"The MIP does not say what it holds ({run.error}). Beat goes on at {run.due_at}.")
        self._show(run)

    def _show(self, run: Reconciliation) -> None:
        self.stdout.write(f"{run.held} cards are held by the MIP")
        for kind, action in findings.ACTIONS.items():
            self.stdout.write(f"{getattr(run, kind)} {Kind(kind).label}: {action}")
        self.stdout.write(f"{run.sent_again} are to be sent again")
        if run.unknown:
            self.stdout.write("--list unknown names those that somebody must look at")

    def _list(self, kind: str) -> None:
        run = reconciliation.last(timezone.now())
        for found in findings.of(run=run, kind=kind).iterator(chunk_size=1000) if run else ():
            here, there = found.version_here or "-", found.version_there or "-"
            self.stdout.write(f"{found.guid} card {found.card_id or '-'} here {here} there {there}")

    def _trend(self) -> None:
        for run in reconciliation.trend():
            counts = ", ".join(f"{getattr(run, kind)} {kind}" for kind in Kind.values)
            self.stdout.write(f"{run.started_at:%Y-%m-%d %H:%M} {run.stage}: {run.held} there, {counts}")
