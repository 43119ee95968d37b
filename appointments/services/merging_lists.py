"""What a merge of two cards does with the waiting list and the call list."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.models import CallTask, WaitingEntry
from lmis.actors import Actor
from patients.models import Patient
from patients.services import merging


def register() -> None:
    """Called once, when the apps are ready."""
    merging.take_along(_("Waiting list"), model="appointments.waitingentry", shown=_waiting, move=move_waiting)
    merging.take_along(_("Call list"), model="appointments.calltask", shown=_calls, move=move_calls)


def move_waiting(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> int:
    """All entries; where both cards wait for the same, the duplicate's is closed first. Two statements."""
    kept = WaitingEntry.objects.open().filter(patient=into)
    same = kept.filter(Q(doctor=OuterRef("doctor")) | Q(speciality=OuterRef("speciality")))
    twice = WaitingEntry.objects.open().filter(Exists(same), patient=duplicate)
    reason = gettext("The cards were merged: the patient is on the list already.")
    twice.update(state=WaitingEntry.State.CLOSED, close_reason=reason, closed_at=now, closed_by=by.label)
    return WaitingEntry.objects.filter(patient=duplicate).update(patient=into)


def move_calls(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> int:
    """All calls; one statement."""
    return CallTask.objects.filter(patient=duplicate).update(patient=into)


def _waiting(card: Patient) -> list[tuple[str, int]]:
    entries = WaitingEntry.objects.filter(patient=card).with_all_shown().order_by("-pk")
    return [(f"{entry.wanted}, {entry.get_state_display()}", entry.pk) for entry in entries]


def _calls(card: Patient) -> list[tuple[str, int]]:
    tasks = CallTask.objects.filter(patient=card).order_by("-pk")
    return [(f"{task.get_what_display()}, {task.get_state_display()}", task.pk) for task in tasks]
