"""Writes of the API: one durable transaction, and with an `Idempotency-Key` the same answer again (contract §2.3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from lmis.api.rendering import CONTENT_TYPE, dumps
from lmis.exceptions import IdempotencyKeyReused, ValidationFailed
from lmis.models import IdempotencyRecord
from lmis.services import idempotency
from lmis.services.transactions import run_write

HEADER = "Idempotency-Key"
OF_PATIENT = "patient:"  # begins the principal of a patient who is the client himself
_GOOD = re.compile(r"[ -~]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a successful write answers; an error is raised, never answered, for it must roll back."""

    status: int
    payload: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 200 <= self.status < 300:
            raise ValueError("an answer is a success")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a key is: `principal` has it (`client:5`, `patient:77`), `patient_key` names the patient or is blank."""

    principal: str
    patient_key: str


def write(
    request: Request | HttpRequest,
    *,
    principal: str,
    patient_key: str,
    work: Callable[[], Answer],
    earlier: Callable[[], Iterable[Owner]] = tuple,
) -> HttpResponse:
    """Run `work` in the durable transaction and answer once it is committed.

    `principal` and `patient_key` are the `Owner`'s, the patient as resolved; `earlier` tells who else he may have been
    when he sent the request first, before his cards were merged: asked only when nothing else fits.
    `work` may run twice, after a deadlock. Raises `RequestInProgress`, `IdempotencyKeyReused`, `ValidationFailed`
    for a bad key, `Unavailable`, and all that `work` raises.
    """
    key = _key(request)
    if key is None:
        return run_write(lambda: _sent(work()))
    owner = Owner(principal, patient_key)
    fingerprint = _fingerprint(request, patient_key)

    def once() -> HttpResponse:
        now = timezone.now()
        kept = _first_answer(request, key, _owners(owner, earlier), now)
        if kept is not None:
            return _replay(kept)
        answer = work()
        response = _sent(answer)
        idempotency.keep(
            IdempotencyRecord(
                principal=principal,
                key=key,
                fingerprint=fingerprint,
                created_at=now,
                status=answer.status,
                headers=dict(answer.headers),
                body=response.content,  # rendered once: what is sent now is what is stored
            )
        )
        return response

    return run_write(once, key_lock=idempotency.lock_number(principal, key))


def _key(request: Request | HttpRequest) -> str | None:
    """The key, None without one. Of a key with other letters than ASCII's granian hands over nothing."""
    given: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if given is not None and not _GOOD.fullmatch(given):
        raise ValidationFailed.of(HEADER, _("1 to 128 printable ASCII characters."))
    return given


def _owners(owner: Owner, earlier: Callable[[], Iterable[Owner]]) -> Iterator[Owner]:
    yield owner
    yield from earlier()


def _first_answer(
    request: Request | HttpRequest, key: str, owners: Iterator[Owner], now: datetime
) -> IdempotencyRecord | None:
    """What was answered to this very request, sent by one of `owners`; raises `IdempotencyKeyReused`."""
    found: dict[str, IdempotencyRecord | None] = {}
    for owner in owners:
        if owner.principal not in found:
            found[owner.principal] = idempotency.find(principal=owner.principal, key=key, now=now)
        kept = found[owner.principal]
        if kept is not None and bytes(kept.fingerprint) == _fingerprint(request, owner.patient_key):
            return kept
        if kept is None and not owner.principal.startswith(OF_PATIENT):
            return None  # a client's key is the client's, whoever the patient was: there is nothing else to look at
    if any(found.values()):
        raise IdempotencyKeyReused
    return None


def _fingerprint(request: Request | HttpRequest, patient_key: str) -> bytes:
    """What must be the same for the same answer; each part with its length, so that none can pose as two."""
    path = request.path.removesuffix("/")
    texts = (request.method or "", path, request.META.get("QUERY_STRING", ""), patient_key)
    parts = [*(text.encode("utf-8", "surrogateescape") for text in texts), request.body]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _sent(answer: Answer) -> HttpResponse:
    return _response(answer.status, answer.headers, dumps(answer.payload))


def _replay(kept: IdempotencyRecord) -> HttpResponse:
    response = _response(kept.status, kept.headers, bytes(kept.body))
    response["Idempotency-Replayed"] = "true"
    return response


def _response(status: int, headers: Mapping[str, str], body: bytes) -> HttpResponse:
    return HttpResponse(body, CONTENT_TYPE, status, headers=dict(headers))
