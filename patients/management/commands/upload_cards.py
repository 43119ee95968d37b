"""`manage.py upload_cards`: existing cards to the MIP."""

from __future__ import annotations

import datetime as dt
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from lmis.actors import SYSTEM
from lmis.exceptions import Refusal
from lmis.models import Lpu
from patients.services import backfill

WAITS = {
    "": "",
    "gate": "; waits: the gate to the MIP is shut",
    "pause": "; waits: the exchange is paused",
    "silent": "; waits: no worker has looked at it for a minute. Do worker and beat run?",
}


class Command(BaseCommand):
    """Asks for it, and shows how it goes; the work is the workers'."""

    help = "Send existing cards to the MIP. Workers do it; the command only watches, and may be ended at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to send; or nothing, to look at what is being sent."""
        parser.add_argument("--all", action="store_true", help="every card")
        parser.add_argument("--changed-since", type=_moment, metavar="DATE", help="cards changed since (2026-05-31)")
        parser.add_argument("--state", default="", help="cards whose upload is accepted, rejected, duplicate or retry")
        parser.add_argument("--reason", default="", metavar="CODE", help="cards whose upload has this error code")
        parser.add_argument("--lpu", type=_lpu, metavar="GUID", help="cards of this LPU")
        parser.add_argument("--resume", action="store_true", help="go on where the last one of these was stopped")
        parser.add_argument("--stop", action="store_true", help="end the one that runs")
        parser.add_argument("--no-wait", action="store_true", help="do not watch until the end")

    @no_translations  # as the rest of the command: a refusal would else be in another language
    def handle(self, *args: Any, **options: Any) -> None:
        """Start, stop or look; then watch."""
        scope = backfill.Scope(options["changed_since"], options["state"], options["reason"], options["lpu"])
        narrowed = scope != backfill.Scope()
        if options["all"] + narrowed + options["stop"] > 1:
            raise CommandError("Choose one: --all, --stop, or what narrows it down.")
        if options["resume"] and not (options["all"] or narrowed):
            raise CommandError("Say with --resume which cards: --all, or what narrowed it down.")
        try:
            if options["stop"]:
                stopped = backfill.stop(by=SYSTEM, now=timezone.now())
                self.stdout.write("stopped" if stopped else "nothing was being sent")
            elif options["all"] or narrowed:
                backfill.start(scope=scope, by=SYSTEM, now=timezone.now(), resumes=options["resume"])
        except Refusal as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self._watch(once=options["no_wait"] or options["stop"])

    def _watch(self, *, once: bool) -> None:
        pause = 2.0 if self.stdout.isatty() else 10.0
        while shown := backfill.progress(now=timezone.now()):
            self.stdout.write(line_of(shown))
            if once or not shown.is_running:
                return
            time.sleep(pause)
        self.stdout.write("Existing cards were never sent from here: say which, see --help.")


def line_of(shown: backfill.Progress) -> str:
    """How far it has come, in one line."""
    line = f"{shown.done} of {shown.total} cards ({shown.percent} %)"
    if not shown.is_running:
        by = shown.backfill.stopped_by
        return f"{line}, stopped by {by}" if by else f"{line}, done"
    if shown.rate is not None:
        line += f", {shown.rate:.0f}/s"
    if shown.left is not None:
        line += f", {shown.left} left"
    return line + WAITS[shown.waits_because]


def _moment(text: str) -> dt.datetime:
    """A day or a moment; without an offset it is the clinic's time."""
    try:
        day = parse_date(text)
        moment = dt.datetime.combine(day, dt.time()) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"{text} is no date: write 2026-05-31 or 2026-05-31T08:00.")
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _lpu(text: str) -> Lpu:
    try:
        return Lpu.objects.get(guid=text, is_own=True)
    except (Lpu.DoesNotExist, ValidationError) as error:
        raise ArgumentTypeError(f"{text} is not the guid of an LPU of ours.") from error
