"""`manage.py generate_slots --until DATE [--doctor GUID]`: from templates and exceptions to slots."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from appointments.services import generation
from appointments.services.filling import Report
from lmis.actors import SYSTEM
from lmis.models import Doctor


class Command(BaseCommand):
    help = "Brings the slots of all doctors, or of one, to their templates and exceptions. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Until when, and for whom."""
        parser.add_argument("--until", required=True, type=_day, metavar="DATE", help="last day, such as 2026-05-31")
        parser.add_argument("--doctor", type=_guid, metavar="GUID", help="one doctor only")

    @no_translations  # what a rule says has one text, and the rest of the command is English
    def handle(self, *args: Any, **options: Any) -> None:
        """Generate, with a line a doctor on stderr and the sum on stdout."""
        doctors = Doctor.objects.filter(is_active=True).select_related("lpu")
        if options["doctor"]:
            doctors = doctors.filter(guid=options["doctor"])
            if not doctors.exists():
                raise CommandError(f"No doctor who works here has the guid {options['doctor']}.")
        try:
            report = generation.generate(until=options["until"], by=SYSTEM, doctors=doctors, progress=self._line)
        except ValidationError as error:
            raise CommandError(f"--until: {' '.join(error.messages)}") from error
        self.stdout.write(_said(report))
        if report.failed:
            raise CommandError(f"{report.failed} doctors failed; the log says why. The others are done.")

    def _line(self, doctor: Doctor, done: int, of: int, report: Report) -> None:
        self.stderr.write(f"[{done}/{of}] {doctor.short_name}: {_said(report)}")


def _said(report: Report) -> str:
    if report.failed:
        return "failed"
    parts = ("created", "revived", "updated", "withdrawn", "left")
    return ", ".join(f"{getattr(report, part)} {part}" for part in parts)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a date such as 2026-05-31.") from error


def _guid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a guid.") from error
