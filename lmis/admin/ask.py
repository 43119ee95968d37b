"""Asking before doing: a page with what is meant, a reason if one is needed, and a button."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from lmis.exceptions import Refusal
from lmis.services.transactions import run_write

CONFIRMED = "confirmed"


class ConfirmForm(forms.Form):
    """Nothing to fill in."""


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=255, widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"})
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says; `submit` is the text of its button, a verb."""

    title: Any
    submit: Any
    text: Any = ""
    form_class: type[forms.Form] = ConfirmForm
    danger: bool = False


def ask(
    admin: ModelAdmin,
    request: HttpRequest,
    question: Question,
    objects: Iterable[Any],
    act: Callable[[dict[str, Any]], HttpResponse | str],
    shown: Callable[[Any], str] = str,
) -> HttpResponse:
    """Show the page; when it is confirmed call `act` with what was filled in, in one transaction.

    `act` gives the text to show afterwards, or a response of its own. A refusal is shown on the page and nothing has
    changed. Afterwards back to the list, if it was a list's action, else to the object. `shown` writes an object.
    """
    form = question.form_class(request.POST if CONFIRMED in request.POST else None)
    objects = list(objects)
    if form.is_valid():
        try:
            done = run_write(lambda: act(form.cleaned_data))
        except Refusal as refusal:
            form.add_error(None, refusal.said)
        else:
            if isinstance(done, HttpResponse):
                return done
            messages.success(request, done)
            return HttpResponseRedirect(_back(admin, request, objects[0]))
    return _page(admin, request, question, [(obj, shown(obj)) for obj in objects], form)


def found_or_404(admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The object of a page's action."""
    found = admin.get_object(request, object_id)
    if found is None:
        raise Http404
    return found


def _back(admin: ModelAdmin, request: HttpRequest, obj: Any) -> str:
    if "action" in request.POST:
        return request.get_full_path()
    return reverse(f"{admin.admin_site.name}:{admin.opts.app_label}_{admin.opts.model_name}_change", args=[obj.pk])


def each(
    request: HttpRequest, objects: Iterable[Any], act: Callable[[Any], Any], shown: Callable[[Any], str] = str
) -> int:
    """Call `act` for each object in a transaction of its own; a refusal is told with its object and ends nothing else.

    Out: how many were done.
    """
    done = 0
    for obj in objects:
        try:
            run_write(lambda obj=obj: act(obj))  # type: ignore[misc]
            done += 1
        except Refusal as refusal:
            messages.error(request, f"{shown(obj)}: {refusal.said}")
    return done


def _page(
    admin: ModelAdmin, request: HttpRequest, question: Question, objects: list[tuple[Any, str]], form: forms.Form
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "opts": admin.opts,
        "objects": objects,
        "form": form,
        "confirmed": CONFIRMED,
        "action": request.POST.get("action", ""),
        "ticked": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/lmis/ask.html", context)
