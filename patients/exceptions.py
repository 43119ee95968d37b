"""Refusals about patients, with the contract's codes (§2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lmis.exceptions import Refusal

if TYPE_CHECKING:
    from patients.models import Patient


class PatientNotFound(Refusal):
    """No live card here of the person whom the token names."""

    status = 404
    code = "patient_not_found"
    message = _("This patient has no card here.")
    for_staff = _("This patient has no card here. Make one first.")


class PatientAmbiguous(Refusal):
    """Cards match the documents, but none, or several, match the names."""

    status = 409
    code = "patient_ambiguous"
    message = _("These documents belong to another patient, or to several. The registry desk can help.")
    for_staff = _(
        "These documents belong to another patient, or to several. Look up whose they are, and correct the cards."
    )


class CardExists(Refusal):
    """Staff or an import would make a second card of one person; `card` is the first one. Never from the API."""

    status = 409
    message = _("This patient has a card here already. Open it instead of making another one.")

    def __init__(self, card: Patient) -> None:
        super().__init__()
        self.card = card
        text = gettext("This patient has a card here already: No. %(number)s. Open it instead of making another one.")
        self.message = text % {"number": card.card_number}  # type: ignore[misc, assignment]  # says which card


class LpuNotOwn(Refusal):
    """Cards are kept for the LPUs that this LMIS serves. Never from the API."""

    status = 409
    message = _("Cards are kept only for our own institutions. Choose one of them.")


class CardChanged(Refusal):
    """The card is no longer what whoever changes it has seen. Never from the API."""

    status = 409
    message = _("Somebody has changed this card meanwhile. Open it again to see what it says now.")


class CannotMerge(Refusal):
    """Two cards that cannot become one as they are. Never from the API."""

    status = 409
    message = _("These cards cannot be merged. Choose others.")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.message = text  # type: ignore[misc, assignment]  # says why

    @classmethod
    def same(cls) -> CannotMerge:
        """One card twice."""
        return cls(gettext("This is one and the same card. Choose another one."))

    @classmethod
    def other_lpu(cls) -> CannotMerge:
        """Each LPU keeps its own card of a person."""
        return cls(gettext("Each institution keeps its own card of a patient. Choose two cards of one institution."))

    @classmethod
    def not_in_use(cls, card: Patient) -> CannotMerge:
        """Merged already, or withdrawn."""
        text = gettext("Card No. %(number)s is merged or withdrawn already. Choose another one.")
        return cls(text % {"number": card.card_number})


class PauseNotSensible(Refusal):
    """A pause without a reason or with an end that is past or too far away. Never from the API."""

    status = 409
    message = _("A pause needs a reason and an end within the next seven days. Enter both.")


class MipNotConfigured(Refusal):
    """There is no MIP to talk to. Never from the API."""

    status = 409
    message = _("No MIP is set up here: MIP_URL is empty. Ask the administrator to set it.")


class BackfillRunning(Refusal):
    """Existing cards are being sent already. Never from the API."""

    status = 409
    message = _("Existing cards are being sent already. Wait for the end, or stop it first.")


class SinceTooLongAgo(Refusal):
    """A slip in the year; the database has moments that Python cannot read back. Never from the API."""

    status = 409
    message = _("No card is so old. Check the year.")


class ScopeNotSensible(Refusal):
    """Cards in that state are sent anyway, or need not be. Never from the API."""

    status = 409
    message = _(
        "Cards in this state are on their way already. Choose those accepted, rejected, suspected as duplicates or to "
        "be repeated."
    )
