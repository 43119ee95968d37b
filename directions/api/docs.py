"""The API page's part on directions: one decorator a method, and the example."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from directions.api.serializers import DirectionItemSerializer, DirectionItemsSerializer, IssuedQuerySerializer

_ITEM: dict[str, Any] = {
    "direction": {
        "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
        "number": "2026-000123",
        "reason": "",
        "speciality": {"code": "1234", "name": "Кардиология"},
        "lpuFromGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
        "lpuToGuid": "7c1d5a06-2f1e-4c0b-9a52-0d6f6a3f4f11",
        "dateDirection": "2026-04-20T11:30:00+03:00",
        "diagnosis": {"code": "I10", "name": "Эссенциальная гипертензия"},
    },
    "docSender": {
        "guid": "5b0c1f6a-2c5b-4a57-8f3c-9f3d6a3f8f10",
        "family": "Иванова",
        "name": "Анна",
        "patronymic": "Петровна",
        "position": {"code": "777", "name": "врач-терапевт участковый"},
        "speciality": {"code": "", "name": "Терапия"},
    },
    "patient": {
        "family": "Петров",
        "name": "Пётр",
        "patronymic": "Петрович",
        "polis": {"series": "", "number": "1234567812345678", "type": {"code": "3", "name": ""}},
        "phone": "71234569898",
        "identityDocument": {"series": "1234", "number": "567812", "type": {"code": "3", "name": ""}},
        "address": "",
        "disability": None,
        "birthDate": "1980-05-17",
        "sex": "M",
        "snils": "11223344595",
    },
    "lpuTo": {
        "guid": "7c1d5a06-2f1e-4c0b-9a52-0d6f6a3f4f11",
        "name": "Областная больница",
        "address": "ул. Садовая, 1",
        "phone": "70000000000",
    },
    "state": "issued",
    "validUntil": "2026-05-20",
}

LIST_ISSUED = extend_schema(
    tags=["directions"],
    operation_id="directions",
    summary="C. The patient's directions issued here, as the referring LPU",
    parameters=[IssuedQuerySerializer],
    responses={
        200: OpenApiResponse(
            DirectionItemsSerializer,
            description="The newest first",
            examples=[OpenApiExample("directions", value={"items": [_ITEM]}, response_only=True)],
        )
    },
)
SHOW_ISSUED = extend_schema(
    tags=["directions"],
    operation_id="direction",
    summary="C. One direction of the patient issued here",
    responses={
        200: OpenApiResponse(
            DirectionItemSerializer,
            description="The direction, whatever its state",
            examples=[OpenApiExample("direction", value=_ITEM, response_only=True)],
        )
    },
)
