"""What the card's page shows beside the card: whatever else the clinic has of this patient."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.template.loader import render_to_string
from django.urls import reverse

from lmis.actors import Actor
from lmis.services import access
from patients.models import Patient
from patients.screens.scope import seen_by
from patients.services import likely, merging


def belongings(card: Patient, user: User | AnonymousUser) -> str:
    """Appointments, directions and what other apps keep, each with a link if the employee may open it."""
    sections = [
        {"title": taken.title, "lines": [(line, _link(taken.model, pk, user)) for line, pk in taken.shown(card)]}
        for taken in merging.taken_along()
        if user.has_perm(_right(taken.model))
    ]
    return render_to_string("admin/patients/belongings.html", {"sections": sections})


def relatives(card: Patient, user: User | AnonymousUser) -> str:
    """Cards merged into this one, whose numbers lead here, and cards that may be the same person's."""
    alike: list[Any] = []
    if card.state == Patient.State.ACTIVE:
        found = likely.likely_duplicates(lpu=card.lpu, info=merging.info_of(card), but=card.pk)
        mine = set(seen_by(Patient.objects.filter(pk__in=[one.card.pk for one in found]), user)) if found else set()
        alike = [one for one in found if one.card in mine]
        cards = [one.card.guid for one in alike]
        by = Actor.of_user(user)  # type: ignore[arg-type]  # the admin knows no anonymous user
        access.note(by=by, what=access.What.FOUND, cards=cards, screen="patient")
    shown = {"card": card, "merged": card.merged_cards.order_by("pk"), "alike": alike}
    may_merge = user.has_perm("lmis.merge_cards")
    return render_to_string("admin/patients/relatives.html", {**shown, "may_merge": may_merge})


def _right(model: str) -> str:
    app, name = model.split(".")
    return f"{app}.view_{name}"


def _link(model: str, pk: int, user: User | AnonymousUser) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_change", args=[pk])
