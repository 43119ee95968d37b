"""A patient in the contract's JSON: shape only, the rules are the services' (contract A, DirectionPatientInfo)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from lmis.api.rendering import any_json
from patients.api.fields import (
    BlankableChoiceField,
    BlankableDateField,
    BlankableSerializer,
    CodedSerializer,
    InfoSerializer,
    NumberField,
    SnilsField,
    TextField,
)
from patients.info import Coded, IdentityDocument, PatientInfo, Polis
from patients.models import Patient
from patients.models.patient import Sex

__all__ = ["CodedSerializer", "DirectionPatientInfoSerializer", "present_coded", "present_patient"]


class PolisSerializer(BlankableSerializer):
    """`polis`."""

    info = Polis

    series = NumberField(max_length=32)
    number = NumberField(max_length=64)
    type = CodedSerializer()


class IdentityDocumentSerializer(BlankableSerializer):
    """`identityDocument`."""

    info = IdentityDocument

    series = NumberField(max_length=32)
    number = NumberField(max_length=64)
    type = CodedSerializer()


# Of a schema without types it is made "anything, or else null": null fits both, and so is not valid.
@extend_schema_field({"type": ["object", "array", "string", "number", "boolean"]})
class AnyField(serializers.JSONField):
    """Any JSON value, None when it is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)


class DirectionPatientInfoSerializer(InfoSerializer):
    """Contract, model DirectionPatientInfo; its validated value is a `PatientInfo`."""

    info = PatientInfo

    family = TextField(max_length=100)
    name = TextField(max_length=100)
    patronymic = TextField(max_length=100)
    polis = PolisSerializer()
    phone = TextField(max_length=64)
    identityDocument = IdentityDocumentSerializer(source="identity_document")
    address = TextField(max_length=500, lines=True)
    disability = AnyField(help_text="Any JSON value.")
    birthDate = BlankableDateField(source="birth_date")
    sex = BlankableChoiceField(choices=Sex.choices)
    snils = SnilsField()

    def validate(self, attrs: PatientInfo) -> PatientInfo:
        """Refuse a patient without the number of his polis or of his document: nobody could be found by it."""
        if not (attrs.polis.number or attrs.identity_document.number):
            text = _("The number of the polis or of the identity document is required.")
            raise serializers.ValidationError({"polis": {"number": [ErrorDetail(text, code="required")]}})
        return attrs

    def to_info(self, validated: PatientInfo | None = None) -> PatientInfo:
        """The patient as the services take him; after `is_valid`. A parent serializer passes the validated part."""
        info: PatientInfo = self.validated_data if validated is None else validated
        return info


def present_coded(coded: Coded) -> dict[str, str]:
    """`{"code", "name"}`."""
    return {"code": coded.code, "name": coded.name}


def present_patient(patient: Patient) -> dict[str, Any]:
    """The card as a DirectionPatientInfo: the region's fields in its order, then ours. Blanks are ""."""
    return {
        "family": patient.family,
        "name": patient.name,
        "patronymic": patient.patronymic,
        "polis": _paper(patient, "polis"),
        "phone": patient.phone,
        "identityDocument": _paper(patient, "document"),
        "address": patient.address,
        "disability": any_json(patient.disability),
        "birthDate": patient.birth_date,
        "sex": patient.sex,
        "snils": patient.snils,
    }


def _paper(patient: Patient, column: str) -> dict[str, Any]:
    """`{"series", "number", "type"}` of the polis or of the document."""
    part = {name: getattr(patient, f"{column}_{name}") for name in ("series", "number", "type_code", "type_name")}
    kind = {"code": part["type_code"], "name": part["type_name"]}
    return {"series": part["series"], "number": part["number"], "type": kind}
