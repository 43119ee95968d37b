"""Uploads to the MIP, to look at and to send again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lmis.actors import Actor
from lmis.admin.base import ReadOnlyAdmin
from patients.models import CardUpload, MipGate
from patients.services import gate, history, uploads

ATTEMPTS = 50
SHOWN = [
    "state",
    "due_at",
    "attempts",
    "last_attempt_at",
    "sent_version",
    "accepted_version",
    "accepted_at",
    "error_code",
    "error_field",
    "error_text",
]


@admin.register(CardUpload)
class CardUploadAdmin(ReadOnlyAdmin):
    """Cards go by their numbers here: whoever minds the exchange need not read names."""

    list_display = ["card_number", "lpu", "state", "due_at", "attempts", "error_code", "error_field", "accepted_at"]
    list_filter = ["state", "patient__lpu", "last_attempt_at"]
    ordering = ["-due_at"]
    fields = ["card_number", "lpu", *SHOWN, "attempts_made"]
    readonly_fields = ["card_number", "lpu", *SHOWN, "attempts_made"]
    actions = ["send_again"]

    def get_fields(self, request: HttpRequest, obj: CardUpload | None = None) -> Any:
        """What the MIP wrote may name the patient: it is for those who may see the card."""
        if request.user.has_perm("patients.view_patient"):
            return self.fields
        return [name for name in self.fields if name != "error_text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CardUpload]:
        """With the card's number and LPU, in one statement."""
        return super().get_queryset(request).select_related("patient__lpu")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Those who mind the exchange."""
        return request.user.has_perm("patients.change_cardupload")

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[CardUpload]) -> None:
        """Let the chosen cards wait for a new attempt."""
        ids = list(queryset.values_list("pk", flat=True))
        by = Actor.of_user(request.user)  # type: ignore[arg-type]  # the admin knows no anonymous user
        count = uploads.send_again(cards=ids, by=by, now=timezone.now())
        text = ngettext("%(count)d card will be sent again.", "%(count)d cards will be sent again.", count)
        messages.success(request, text % {"count": count})

    @admin.display(description=_("history of attempts"))
    def attempts_made(self, obj: CardUpload) -> str:
        """The last ones, and the way to a letter about them."""
        rows = list(history.of_card(card_id=obj.pk, limit=ATTEMPTS))
        return render_to_string("admin/patients/attempts.html", {"rows": rows, "upload": obj, "most": ATTEMPTS})

    @admin.display(description=_("card number"), ordering="patient__card_number")
    def card_number(self, obj: CardUpload) -> str:
        """Of the card."""
        return obj.patient.card_number

    @admin.display(description=_("LPU"), ordering="patient__lpu")
    def lpu(self, obj: CardUpload) -> str:
        """Of the card."""
        return str(obj.patient.lpu)


@admin.register(MipGate)
class MipGateAdmin(ReadOnlyAdmin):
    """Whether uploads are held up for everybody, and why."""

    list_display = ["reason", "since", "closed_until", "failures"]
    fields = ["reason", "since", "closed_until", "failures"]
    readonly_fields = ["reason", "since", "closed_until", "failures"]
    actions = ["try_now"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the uploads sees what holds them up."""
        return request.user.has_perm("patients.view_cardupload")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Those who mind the exchange."""
        return request.user.has_perm("patients.change_cardupload")

    @admin.action(description=_("Try again now"), permissions=["send"])
    def try_now(self, request: HttpRequest, queryset: QuerySet[MipGate]) -> None:
        """Let the next card be sent as a probe."""
        by = Actor.of_user(request.user)  # type: ignore[arg-type]  # the admin knows no anonymous user
        if gate.try_now(by=by, now=timezone.now()):
            messages.success(request, _("The next card will be sent as a probe."))
        else:
            messages.info(request, _("Nothing holds the uploads up."))
