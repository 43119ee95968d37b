"""Saving a doctor's pattern and laying the places: one act, shown as it goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from appointments.screens.templates import PatternScreen, day_of
from appointments.screens.templates_forms import Table, numbers_in, rearranged
from appointments.services import generation, patterns
from appointments.services.filling import Report
from lmis.exceptions import Refusal
from lmis.screens import toast
from lmis.screens.numbers import number

_COUNTS = [each.name for each in fields(Report)]


class PatternSave(PatternScreen):
    """The table becomes the pattern; the first weeks are laid with it."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The table as it is now and how far the places are; or the table as sent with what is wrong."""
        sent = Table.sent(self.doctor, rearranged(request.POST, numbers_in(request.POST)))
        pattern = sent.pattern()
        if pattern is None:
            return self.refuse(sent, _("Correct what is marked. Nothing is saved."))
        try:
            until = self.until
        except ValidationError as error:
            return self.refuse(sent, " ".join(error.messages))
        version = request.POST.get("version", "")
        saved = self.act(
            lambda: patterns.save(doctor=self.doctor, pattern=pattern, version_read=version, by=self.by, now=self.now)
        )
        if isinstance(saved, Refusal):
            return self.refuse(sent, saved.said, saved.status)
        context = self.context(Table.of(self.doctor, saved), version=patterns.version(saved))
        progress = lay(self, until, None, Report())
        return announce(self.render(context | {"progress": progress}, self.work), progress)


class PatternGenerate(PatternScreen):
    """The next weeks of a long run; the page asks for them one after the other."""

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """How far it is now. Whoever closes the page loses nothing: the hourly task goes on."""
        try:
            until, first = self.until, day_of(request.POST.get("first"), self.today)
        except ValidationError as error:
            return HttpResponse(" ".join(error.messages), status=422)
        progress = lay(self, until, first, _report_of(request))
        context = {"doctor": self.doctor, "progress": progress, "until": until}
        return announce(self.render(context, "screens/templates/_progress.html"), progress)


def lay(screen: PatternScreen, until: dt.date, first: dt.date | None, total: Report) -> dict[str, Any]:
    """One part of the run, added to what the parts before it did; for the page."""
    doctor, today = screen.doctor, screen.today
    try:
        part = generation.generate_part(doctor=doctor, until=until, by=screen.by, now=screen.now, first=first)
    except DatabaseError:
        total.failed = 1
        return {"failed": True, "report": total}
    total.add(part.report)
    days = (part.last - today).days + 1
    done = (part.first - today).days if part.first else days
    return {"report": total, "first": part.first, "until": until, "days": days, "done": done}


def announce(response: HttpResponse, progress: dict[str, Any]) -> HttpResponse:
    """Say it when the run has ended."""
    report: Report = progress["report"]
    if progress.get("failed"):
        return toast(
            response,
            _("The templates are saved, but the places could not be laid now; this is tried again within the hour."),
            "warning",
        )
    if progress["first"]:
        return response
    text = _("Places made: %(created)d, brought back: %(revived)d, changed: %(updated)d, withdrawn: %(withdrawn)d.")
    return toast(response, text % asdict(report))


def _report_of(request: HttpRequest) -> Report:
    """What the parts before did, as the page was told; it is shown and nothing else."""
    sent = {name: number(request.POST.get(name, ""), digits=8) for name in _COUNTS}
    return Report(**{name: count for name, count in sent.items() if count is not None})
