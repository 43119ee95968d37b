"""Models of the clinic itself and of those who call its API."""

from lmis.models.api_client import ApiClient, ApiSecret, FailedLogin
from lmis.models.clinic import Department, Doctor, Epoch, Lpu, Room
from lmis.models.dictionaries import BusyType, Position, Speciality
from lmis.models.idempotency import IdempotencyRecord
from lmis.models.sources import Source

__all__ = [
    "ApiClient",
    "ApiSecret",
    "BusyType",
    "Department",
    "Doctor",
    "Epoch",
    "FailedLogin",
    "IdempotencyRecord",
    "Lpu",
    "Position",
    "Room",
    "Source",
    "Speciality",
]
