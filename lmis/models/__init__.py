"""Models of the clinic itself and of those who call its API."""

from lmis.models.access import AccessRecord
from lmis.models.alarms import Alarm, AlarmNotice, AlarmQuiet, AlarmRound
from lmis.models.api_client import ApiClient, ApiSecret, FailedLogin
from lmis.models.calendar import CalendarDay, HolidayWork
from lmis.models.clinic import Department, Doctor, Epoch, Lpu, LpuAlias, Room, zone_of
from lmis.models.dictionaries import BusyType, Position, Speciality
from lmis.models.employee import EmployeeProfile
from lmis.models.heartbeat import Heartbeat
from lmis.models.idempotency import IdempotencyRecord
from lmis.models.night import NightWork
from lmis.models.nsi import CodeMapping, Dictionary, DictionaryCode
from lmis.models.sources import Source
from lmis.models.staff import StaffRight
from lmis.models.traffic import RequestHour, RequestTotal

__all__ = [
    "AccessRecord",
    "Alarm",
    "AlarmNotice",
    "AlarmQuiet",
    "AlarmRound",
    "ApiClient",
    "ApiSecret",
    "BusyType",
    "CalendarDay",
    "CodeMapping",
    "Department",
    "Dictionary",
    "DictionaryCode",
    "Doctor",
    "EmployeeProfile",
    "Epoch",
    "FailedLogin",
    "Heartbeat",
    "HolidayWork",
    "IdempotencyRecord",
    "Lpu",
    "LpuAlias",
    "NightWork",
    "Position",
    "RequestHour",
    "RequestTotal",
    "Room",
    "Source",
    "Speciality",
    "StaffRight",
    "zone_of",
]
