"""Uploads to the MIP, to look at and to send again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lmis.actors import Actor
from lmis.admin.base import ReadOnlyAdmin
from lmis.admin.noting import NotesOpened
from patients.models import CardUpload, ExchangePause, MipGate
from patients.screens.scope import readable
from patients.services import exchange_words, gate, history, uploads

ATTEMPTS = 50
SHOWN = [
    "standing",
    "what_to_do",
    "due_at",
    "attempts",
    "last_attempt_at",
    "sent_version",
    "accepted_version",
    "accepted_at",
    "error_code",
    "error_field",
    "error_text",
    "all_faults",
]
_TEXTS = ("error_text", "all_faults")  # what the MIP wrote may name the patient


class ShowsUpload:
    """Where a card's upload stands, and all that the MIP found wrong in it; the database keeps the first apart."""

    @admin.display(description=_("state"))
    def standing(self, obj: CardUpload) -> str:
        """In plain words, with until when and why it waits."""
        return self._standing(obj).name

    @admin.display(description=_("what to do"))
    def what_to_do(self, obj: CardUpload) -> str:
        """About a card that stands so."""
        return self._standing(obj).to_do

    def _standing(self, obj: CardUpload) -> exchange_words.Standing:
        if not hasattr(obj, "pause_now"):  # both lines ask; the page is made once
            obj.pause_now = ExchangePause.objects.on(timezone.now()).first()  # type: ignore[attr-defined]
        return exchange_words.standing(obj, pause=obj.pause_now)  # type: ignore[attr-defined]

    @admin.display(description=_("all that the MIP finds wrong"))
    def all_faults(self, obj: CardUpload) -> str:
        """Field, reason and the MIP's own words, a line each."""
        return _lines((one.field, one.reason, one.said) for one in exchange_words.faults_of(obj))

    @admin.display(description=_("all that the MIP finds wrong"))
    def fault_fields(self, obj: CardUpload) -> str:
        """The same without the MIP's own words."""
        return _lines((one.field, one.reason) for one in exchange_words.faults_of(obj))


def _lines(found: Iterable[tuple[str, ...]]) -> str:
    told = [(" · ".join(word for word in words if word),) for words in found]
    return format_html_join("", "<div>{}</div>", told) or "—"


@admin.register(CardUpload)
class CardUploadAdmin(ShowsUpload, NotesOpened, ReadOnlyAdmin):
    """Cards go by their numbers here: whoever minds the exchange need not read names."""

    list_display = ["card_number", "lpu", "state", "due_at", "attempts", "error_code", "error_field", "accepted_at"]
    list_filter = ["state", "patient__lpu", "last_attempt_at"]
    ordering = ["-due_at"]
    fields = ["card_number", "lpu", "person", *SHOWN, "attempts_made"]
    readonly_fields = ["card_number", "lpu", "person", *SHOWN, "fault_fields", "attempts_made"]
    actions = ["send_again"]

    def get_fields(self, request: HttpRequest, obj: CardUpload | None = None) -> Any:
        """What the MIP wrote may name the patient: it is for those who may see the card."""
        if obj is not None and self.told_of(request, [obj]):
            return self.fields
        kept = [name for name in self.fields if name not in _TEXTS]
        return [*kept[:-1], "fault_fields", kept[-1]]

    def told_of(self, request: HttpRequest, rows: Iterable[CardUpload]) -> list[CardUpload]:
        """Those whose card may be seen and of which the MIP wrote something; the rest of the page names nobody."""
        said = [row for row in rows if any(one.said for one in exchange_words.faults_of(row))]
        return readable(said, request.user)

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

    @admin.display(description=_("person guid in the MIP"))
    def person(self, obj: CardUpload) -> str:
        """Who it is there, once it has taken the card."""
        return str(obj.patient.person_guid or "—")

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
