"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    """The patients app."""

    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Put the cards into the journal; what triggers and services write is left out."""
        from auditlog.registry import auditlog

        from patients.models import Patient

        silent = [field.name for field in Patient._meta.concrete_fields if field.name.endswith("_key")]
        auditlog.register(Patient, exclude_fields=[*silent, "version", "updated_at", "changed_by", "person_guid"])
