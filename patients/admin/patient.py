"""Cards of patients. No search by name: what is searched for would stand in the URL (design §2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import action
from unfold.views import ChangeList

from lmis.admin.ask import found_or_404
from lmis.admin.base import LmisModelAdmin, RowsInline, actor
from lmis.admin.noting import NotesCards
from lmis.models import Lpu
from patients.admin.forms import PatientForm
from patients.admin.paging import KeysetChangeList
from patients.admin.sections import belongings, relatives
from patients.admin.upload import SHOWN, ShowsUpload
from patients.info import PatientInfo
from patients.models import CardUpload, Patient, PatientPhone
from patients.querysets import PatientQuerySet
from patients.screens.scope import seen_by
from patients.services import cards, resending
from patients.services.phones import Phone

TECHNICAL = ["guid", "state", "merged_into", "person_guid", "version", "disability"]
LISTED = ["guid", "card_number", "family", "name", "patronymic", "birth_date", "district", "polis_number", "state"]
LISTED += ["upload__state"]
CHOSEN = ("polis_kind", "document_kind")
STAMPS = ["created_at", "created_by", "updated_at", "changed_by"]


class UploadInline(ShowsUpload, StackedInline):
    """What became of the card's upload."""

    model = CardUpload
    fields = readonly_fields = SHOWN
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The trigger makes the row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The sender writes it."""
        return False


class DistrictFilter(TextFilter):
    """One district, as it is written on the cards."""

    title = _("district")
    parameter_name = "district"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Patient]) -> QuerySet[Patient]:
        """That district exactly: there is an index of it."""
        return queryset.filter(district=self.value().strip()) if self.value() else queryset


class PhoneInline(RowsInline):
    """Further phones; written as a whole by the card's service."""

    model = PatientPhone
    fields = ["number", "kind", "note"]
    extra = 1

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may write the card."""
        return request.user.has_perm("patients.change_patient" if obj else "patients.add_patient")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return self.has_add_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the card."""
        return request.user.has_perm("patients.view_patient")


class CardChangeList(KeysetChangeList):
    """The list of cards, with what it shows of them."""

    def _page(self) -> Any:
        return super()._page().select_related(None).select_related("upload").only(*LISTED)

    def beside(self, rows: Any, beyond: dict[str, int]) -> Any:
        """The same bound for the upload, which has the same key: else its index is walked from the end each time."""
        if not any(name.startswith("upload__") for name in self.params):
            return rows
        return rows.filter(**{f"upload__{name}": bound for name, bound in beyond.items()})


@admin.register(Patient)
class PatientAdmin(NotesCards, LmisModelAdmin):
    """Written through `services.cards` only; a card is never deleted, for the MIP keeps it."""

    form = PatientForm
    list_display = ["card_number", "full_name", "born", "district", "polis_end", "state", "upload_state"]
    list_filter = ["state", "upload__state", DistrictFilter, "lpu"]
    list_before_template = "admin/patients/patient_list_note.html"
    list_per_page = 25  # each row costs a millisecond of processor time; nobody reads through a million cards anyway
    ordering = ["-pk"]
    sortable_by = ()
    readonly_fields = [*TECHNICAL, *STAMPS, "belongings", "relatives"]
    inlines = [PhoneInline, UploadInline]
    actions_detail = ["journal"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "seen_version",
                    ("lpu", "card_number"),
                    ("family", "name"),
                    ("patronymic", "sex"),
                    ("birth_date", "snils"),
                ]
            },
        ),
        (_("Appointments and directions"), {"fields": ["belongings", "relatives"]}),
        (_("Contacts"), {"fields": [("phone", "address")]}),
        (_("District and attachment"), {"fields": [("district", "attachment"), "attached_on"]}),
        (
            _("Representative of a child or ward"),
            {"fields": [("representative", "representative_relation"), "representative_phone"]},
        ),
        (
            _("Polis"),
            {
                "fields": [
                    ("polis_series", "polis_number"),
                    "polis_kind",
                    ("polis_type_code", "polis_type_name"),
                    ("polis_issued_on", "insurer"),
                    "no_polis_reason",
                ]
            },
        ),
        (
            _("Identity document"),
            {
                "fields": [
                    ("document_series", "document_number"),
                    "document_kind",
                    ("document_type_code", "document_type_name"),
                ]
            },
        ),
        (_("State and keys"), {"classes": ["collapse"], "fields": [*TECHNICAL, *STAMPS]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Patient]:
        """Those that this employee may see, with what list and page show, in one statement."""
        found = cast(PatientQuerySet, super().get_queryset(request))
        return seen_by(found.select_related("lpu", "upload", "merged_into"), request.user)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Page by page along the key."""
        return CardChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Patient | None = None) -> Any:
        """No appointments, keys and dates before there is a card; nothing to choose for who may only look."""
        shown = self.fieldsets if obj else [self.fieldsets[0], *self.fieldsets[2:-1]]
        if not obj or self.has_change_permission(request, obj):
            return shown
        return [
            (title, {**more, "fields": [one for one in more["fields"] if one not in CHOSEN]}) for title, more in shown
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Patient | None = None) -> list[str]:
        """A card stays in its LPU."""
        return [*self.readonly_fields, *(["lpu"] if obj else [])]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The page, with what stands beside the card."""
        if obj := kwargs.get("obj"):
            # Once a page: unfold asks for the value of a read-only field five times.
            obj.beside = belongings(obj, request.user), relatives(obj, request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def cards_of(self, rows: Iterable[Patient]) -> list[UUID]:
        """The rows are the cards."""
        return [row.guid for row in rows]

    def has_journal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Those who read the journal."""
        return request.user.has_perm("lmis.view_journal")

    @action(description=_("Who saw this card"), url_path="journal", permissions=["journal"], icon="history")
    def journal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the journal of this card; its guid alone stands in the address."""
        card = found_or_404(self, request, object_id)
        return HttpResponseRedirect(f"{reverse('screens:journal')}?card={card.guid}")

    def get_inlines(self, request: HttpRequest, obj: Patient | None) -> list[Any]:
        """A card that is not there yet has no upload."""
        return self.inlines if obj else [PhoneInline]

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Cards are kept for our own LPUs; with one there is nothing to choose."""
        if db_field.name == "lpu":
            kwargs["queryset"] = own = Lpu.objects.own()
            kwargs.setdefault("initial", own.first())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        """Through the service; only what was changed in the form is written."""
        by = actor(request)
        given = form.news()
        if change:
            cards.change(card=obj, values=given, seen_version=form.cleaned_data["seen_version"], by=by)
            resending.after_saving(card_id=obj.pk, by=by, now=timezone.now())
            return
        number = given.pop("card_number", "")
        own = {name: given.pop(name) for name in cards.OWN & given.keys()}
        made = cards.create(lpu=obj.lpu, info=PatientInfo.of_columns(given), card_number=number, own=own, by=by)
        vars(obj).update(vars(made))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The further phones, through the service."""
        formset.save(commit=False)  # writes nothing: the admin reads from it what to say
        if formset.model is not PatientPhone:
            return
        given = [row.cleaned_data for row in formset.forms if row not in formset.deleted_forms]
        wanted = [Phone(row["number"], row["kind"], row["note"]) for row in given if row.get("number")]
        cards.change(card=form.instance, values={}, further_phones=wanted, by=actor(request))

    def has_delete_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        """Merged or withdrawn, never deleted."""
        return False

    @admin.display(description=_("appointments, directions"))
    def belongings(self, obj: Patient) -> str:
        """With links."""
        return obj.beside[0]  # type: ignore[attr-defined, no-any-return]  # made with the page

    @admin.display(description=_("other cards"))
    def relatives(self, obj: Patient) -> str:
        """Merged into this one, or likely the same person's."""
        return obj.beside[1]  # type: ignore[attr-defined, no-any-return]

    @admin.display(description=_("birth date"))
    def born(self, obj: Patient) -> str:
        """Short."""
        return date_format(obj.birth_date, "SHORT_DATE_FORMAT") if obj.birth_date else ""

    @admin.display(description=_("end of the polis"))
    def polis_end(self, obj: Patient) -> str:
        """Its last four digits tell namesakes apart."""
        return f"…{obj.polis_number[-4:]}" if obj.polis_number else ""

    @admin.display(description=_("patient"))
    def full_name(self, obj: Patient) -> str:
        """Surname, first name, patronymic."""
        return obj.full_name

    @admin.display(description=_("upload"))
    def upload_state(self, obj: Patient) -> str:
        """In words."""
        # Not `get_state_display`, which translates all states for each row.
        return str(CardUpload.State(obj.upload.state).label)
