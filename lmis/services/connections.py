"""What a connection request (заявка на подключение) tells the region of one of our LPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import NotFound
from lmis.models import ApiClient, Lpu

CONTACTS = [
    "entry_point",
    "contact_person",
    "contact_phone",
    "contact_email",
    "technician",
    "technician_phone",
    "technician_email",
]
# Without these the region cannot connect anybody; the technician is asked for by some regions only.
NEEDED = ["name", "oid", "address", "phone", "entry_point", "contact_person", "contact_phone", "contact_email"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the contract that the central service may call."""

    verb: str
    path: str
    purpose: Any


METHODS = [
    Method("POST", "/dir/appointments", _("book by direction")),
    Method("GET", "/dir/appointments", _("is there an appointment for a direction")),
    Method("DELETE", "/dir/appointments/{guid}", _("cancel an appointment made by direction")),
    Method("GET", "/dir/directions", _("the patient's directions issued by us")),
    Method("GET", "/dir/directions/{guid}", _("one direction issued by us")),
    Method("GET", "/resources", _("doctors that can be booked")),
    Method("GET", "/resources/{guid}", _("one doctor")),
    Method("GET", "/resources/{guid}/schedule", _("the schedule of a doctor")),
    Method("GET", "/schedule", _("the schedule of the LPU, and what changed in it")),
    Method("POST", "/appointments", _("book for a patient")),
    Method("GET", "/appointments", _("the patient's appointments")),
    Method("GET", "/appointments/{guid}", _("one appointment")),
    Method("DELETE", "/appointments/{guid}", _("cancel an appointment")),
    Method("GET", "/lpu", _("the LPUs served here")),
]


@dataclass(frozen=True, slots=True)
class Request:
    """The request of one LPU, to be printed; `missing` names the fields that must be filled in before."""

    lpu: Lpu
    entry_point: str
    clients: list[ApiClient]
    missing: list[str]


def requests_of(*, lpus: Sequence[Lpu], base_url: str) -> list[Request]:
    """In: where this system answers from, for LPUs whose entry point nobody entered. One statement for all."""
    clients = list(ApiClient.objects.filter(is_active=True).order_by("login"))
    return [_request_of(lpu, lpu.entry_point or base_url, clients) for lpu in lpus]


def _request_of(lpu: Lpu, entry_point: str, clients: list[ApiClient]) -> Request:
    missing = [
        capfirst(str(lpu._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
        for name in NEEDED
        if not (entry_point if name == "entry_point" else getattr(lpu, name))
    ]
    return Request(lpu, entry_point, clients, missing)


def keep_contacts(*, lpu: Lpu, values: Mapping[str, str], by: Actor) -> Lpu:
    """Write the contacts of an own LPU, those of `CONTACTS` that changed; the journal notes by whom.

    Raises NotFound for an LPU that is none of ours; ValidationError for an address or e-mail that is none.
    """
    fresh = Lpu.objects.select_for_update().filter(pk=lpu.pk, is_own=True).first()
    if fresh is None:
        raise NotFound
    changed = [name for name in CONTACTS if name in values and getattr(fresh, name) != values[name].strip()]
    for name in changed:
        setattr(fresh, name, values[name].strip())
    if changed:
        fresh.full_clean(exclude={field.name for field in Lpu._meta.fields} - set(changed))
        fresh.save(update_fields=changed)
    return fresh
