"""The staff's site: the clinic's own lists, and what the lists of the other apps stand on."""

from lmis.admin import api_clients, calendar, clinic, dictionaries, journal, login, records, staff

__all__ = ["api_clients", "calendar", "clinic", "dictionaries", "journal", "login", "records", "staff"]
