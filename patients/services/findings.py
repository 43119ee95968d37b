"""Where the MIP and we disagreed when the two were compared last, card by card, and what is done about each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from patients.models import CardUpload, Reconciliation, ReconciliationFinding
from patients.services import exchange_words

Kind = ReconciliationFinding.Kind
State = CardUpload.State
_UNKNOWN = _(
    "nothing by itself, somebody must look. If our database came from a backup, these may be cards that were made "
    "after it: make the card anew for the patient, and ask the region to withdraw the old one by its guid. If a card "
    "was deleted here, ask the region to withdraw it, too. Otherwise ask the region where it comes from."
)
# What is done about each, or is to be done: on the operators' page in its language, by the command in English.
ACTIONS: dict[str, Any] = {
    Kind.MISSING: _("they are sent again by themselves, behind new cards; whoever comes soon goes first."),
    Kind.OLDER: _("the cards as they are now are sent again by themselves, behind new ones."),
    Kind.NEWER: _(
        "our database came from a backup. The versions of ours have risen above those there, and they are sent by "
        "themselves. Look whether these cards still say what was entered after the backup."
    ),
    Kind.UNKNOWN: _UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Found:
    """One card, and its upload as it is now; None when there is no such card here."""

    finding: ReconciliationFinding
    upload: CardUpload | None

    @property
    def has_arrived(self) -> bool:
        """The MIP has taken it since the two were compared."""
        upload = self.upload
        if upload is None or upload.state != State.ACCEPTED or upload.accepted_at is None:
            return False
        return upload.accepted_at >= self.finding.run.started_at

    @property
    def state(self) -> Any:
        """The upload's state now, in plain words; blank without a card."""
        return exchange_words.name_of(self.upload.state) if self.upload else ""


def newest() -> Reconciliation | None:
    """The newest run that came to its end: those before it have no findings any more. One statement."""
    return Reconciliation.objects.filter(stage=Reconciliation.Stage.DONE).order_by("-started_at", "-pk").first()


def of(*, run: Reconciliation, kind: str) -> QuerySet[ReconciliationFinding]:
    """The cards of one kind, by guid."""
    return run.findings.filter(kind=kind).select_related("lpu").order_by("guid")


def page(*, run: Reconciliation, kind: str, after: UUID | None, limit: int) -> list[Found]:
    """The next ones after that guid, each with what has become of it. Two statements, along the index of findings."""
    rows = of(run=run, kind=kind)
    shown = list((rows.filter(guid__gt=after) if after else rows)[:limit])
    uploads = CardUpload.objects.filter(patient__guid__in=[one.guid for one in shown]).select_related("patient")
    here = {upload.patient.guid: upload for upload in uploads}
    for one in shown:
        one.run = run
    return [Found(one, here.get(one.guid)) for one in shown]
