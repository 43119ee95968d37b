"""The examples of the API page; those of A are the region's own."""

from __future__ import annotations

from typing import Any

DIRECTION: dict[str, Any] = {
    "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
    "number": "14555-9984",
    "reason": "",
    "speciality": {"code": "1234", "name": ""},
    "lpuFromGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "lpuToGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "dateDirection": "2021-04-21T03:00:00+03:00",
    "diagnosis": {"code": "A01.0", "name": ""},
}
APPOINTMENT: dict[str, Any] = {
    "guid": "ee5ae221-ddc8-40cf-a61b-4e7926a2501c",
    "number": "01",
    "slot": "766998fb-1915-4d54-a3f3-934f60125aac",
    "source": "Internet",
    "createTime": "2026-04-20T12:50:00+03:00",
    "direction": DIRECTION,
    "state": "booked",
    "begin": "2026-04-21T09:00:00+03:00",
    "end": "2026-04-21T09:15:00+03:00",
    "resource": "5b0c1f6a-2c5b-4a57-8f3c-9f3d6a3f8f10",
}
OWN_APPOINTMENT = APPOINTMENT | {"direction": None}
SLOT: dict[str, Any] = {
    "guid": APPOINTMENT["slot"],
    "resource": APPOINTMENT["resource"],
    "begin": APPOINTMENT["begin"],
    "end": APPOINTMENT["end"],
    "status": "Available",
    "busyType": {"code": "1", "name": "Первичный приём"},
    "channels": ["Internet", "CallCenter"],
    "capacity": 1,
    "free": 1,
    "room": "112",
}
NEAREST = SLOT | {
    "guid": "0f6c2b1e-7d0a-4f5e-9a3b-5c1d2e3f4a5b",
    "begin": "2026-04-21T09:15:00+03:00",
    "end": "2026-04-21T09:30:00+03:00",
}
BY_DIRECTION: dict[str, Any] = {
    "slot": "766998fb-1915-4d54-a3f3-934f60125aac",
    "patient": {
        "family": "",
        "name": "",
        "patronymic": "",
        "polis": {"series": "", "number": "1234567812345678", "type": {"code": "3", "name": " "}},
        "phone": "71234569898",
        "identityDocument": {"series": "1234", "number": "567812", "type": {"code": "3", "name": " "}},
        "address": ". ",
        "disability": None,
    },
    "docSender": {
        "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
        "family": "",
        "name": "",
        "patronymic": "",
        "position": {"code": "777", "name": " "},
        "speciality": {"code": "1234", "name": " "},
    },
    "direction": {
        "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
        "number": "14555-9984",
        "reason": " ",
        "speciality": {"code": "1234", "name": " "},
        "lpuFromGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
        "lpuToGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
        "dateDirection": "2021-04-21T03:00:00+03:00",
        "diagnosis": {"code": "A01.0", "name": " "},
    },
}
