"""The six sources of an appointment; the same six are the channels of a slot (contract, SourceEnum)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """Who books; as a channel, who may."""

    INTERNET = "Internet", _("Internet")
    INFOMAT = "Infomat", _("Infomat (kiosk)")
    CALL_CENTER = "CallCenter", _("Call centre")
    DOCTOR = "Doctor", _("Doctor")
    DOCTOR_OTHER_LPU = "DoctorOtherLPU", _("Doctor of another LPU")
    REGISTRY = "Registry", _("Registry desk")
