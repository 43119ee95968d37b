"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    """The patients app."""

    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Put the cards into the journal, without what triggers and services write, and tell the access log of them."""
        from auditlog.registry import auditlog

        from lmis.services import access
        from patients import alarms
        from patients.models import Patient

        access.cards_are(Patient)
        alarms.connect()
        silent = [field.name for field in Patient._meta.concrete_fields if field.name.endswith("_key")]
        auditlog.register(Patient, exclude_fields=[*silent, "version", "updated_at", "changed_by", "person_guid"])
