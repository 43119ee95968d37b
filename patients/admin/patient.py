"""Cards of patients. No search by name: what is searched for would stand in the URL (design §2)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline

from lmis.actors import Actor
from lmis.admin.base import LmisModelAdmin
from lmis.models import Lpu
from patients.admin.forms import PatientForm
from patients.admin.upload import SHOWN
from patients.info import PatientInfo
from patients.models import CardUpload, Patient
from patients.services import cards

TECHNICAL = ["guid", "state", "merged_into", "person_guid", "version", "disability"]
STAMPS = ["created_at", "created_by", "updated_at", "changed_by"]


class UploadInline(StackedInline):
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


@admin.register(Patient)
class PatientAdmin(LmisModelAdmin):
    """Written through `services.cards` only; a card is never deleted, for the MIP keeps it."""

    form = PatientForm
    list_display = ["card_number", "full_name", "birth_date", "lpu", "state", "upload_state"]
    list_filter = ["state", "upload__state", "sex", "lpu"]
    list_select_related = ["lpu", "upload"]
    list_before_template = "admin/patients/patient_list_note.html"
    ordering = ["-pk"]
    readonly_fields = [*TECHNICAL, *STAMPS]
    inlines = [UploadInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "seen_version",
                    "lpu",
                    "card_number",
                    ("family", "name", "patronymic"),
                    ("birth_date", "sex", "snils"),
                ]
            },
        ),
        (
            _("Polis"),
            {"fields": [("polis_series", "polis_number"), ("polis_type_code", "polis_type_name")]},
        ),
        (
            _("Identity document"),
            {"fields": [("document_series", "document_number"), ("document_type_code", "document_type_name")]},
        ),
        (_("Contacts"), {"fields": ["phone", "address"]}),
        (_("State and keys"), {"classes": ["collapse"], "fields": [*TECHNICAL, *STAMPS]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Patient]:
        """With what the list shows, in one statement."""
        return super().get_queryset(request).select_related("lpu", "upload", "merged_into")

    def get_fieldsets(self, request: HttpRequest, obj: Patient | None = None) -> Any:
        """No keys and dates before there is a card."""
        return self.fieldsets if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Patient | None = None) -> list[str]:
        """A card stays in its LPU."""
        return [*self.readonly_fields, *(["lpu"] if obj else [])]

    def get_inlines(self, request: HttpRequest, obj: Patient | None) -> list[Any]:
        """A card that is not there yet has no upload."""
        return self.inlines if obj else []

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Cards are kept for our own LPUs; with one there is nothing to choose."""
        if db_field.name == "lpu":
            kwargs["queryset"] = own = Lpu.objects.own()
            kwargs.setdefault("initial", own.first())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        """Through the service; only what was changed in the form is written."""
        by = Actor.of_user(request.user)  # type: ignore[arg-type]  # the admin knows no anonymous user
        given = {name: form.cleaned_data[name] for name in form.changed_data if name in cards.EDITABLE}
        if change:
            cards.change(card=obj, values=given, seen_version=form.cleaned_data["seen_version"], by=by)
            return
        number = given.pop("card_number", "")
        made = cards.create(lpu=obj.lpu, info=PatientInfo.of_columns(given), card_number=number, by=by)
        vars(obj).update(vars(made))

    def has_delete_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        """Merged or withdrawn, never deleted."""
        return False

    @admin.display(description=_("patient"), ordering="family_key")
    def full_name(self, obj: Patient) -> str:
        """Surname, first name, patronymic."""
        return obj.full_name

    @admin.display(description=_("upload"), ordering="upload__state")
    def upload_state(self, obj: Patient) -> str:
        """In words."""
        return obj.upload.get_state_display()
