"""Rights of the staff that belong to no table: to open a screen, to do what a screen offers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffRight(models.Model):
    """Has no rows and no table; it only gives the rights a place in Django's list of permissions.

    Who has which: `lmis.services.groups.RIGHTS`.
    """

    class Meta:
        managed = False
        default_permissions = ()
        verbose_name = _("right of the staff")
        verbose_name_plural = _("rights of the staff")
        permissions = [
            ("use_desk", _("Open the booking desk")),
            ("use_grid", _("Open the schedule grid")),
            ("use_day", _("Open the doctor's day")),
            ("mark_visits", _("Mark who came and who did not")),
            ("book_appointments", _("Book appointments")),
            ("move_appointments", _("Move appointments")),
            ("cancel_appointments", _("Cancel appointments")),
            ("undo_mistake", _("Undo a booking made by mistake")),
            ("overbook", _("Book over plan")),
            ("issue_directions", _("Issue directions")),
            ("enter_paper_directions", _("Enter paper directions of other LPUs")),
            ("edit_templates", _("Edit schedule templates")),
            ("edit_absences", _("Enter absences, substitutions and extra hours")),
            ("edit_calendar", _("Edit the calendar of holidays")),
            ("edit_norms", _("Edit the norms of waiting")),
            ("use_waiting_list", _("Work with the waiting list")),
            ("view_waiting_summary", _("See the summary of the waiting list")),
            ("use_calls", _("Work with the call list")),
            ("merge_cards", _("Merge duplicates of a card")),
            ("import_cards", _("Import cards")),
            ("export_cards", _("Export cards")),
            ("view_head_page", _("Open the page of the head of department")),
            ("view_journal", _("Read the journal")),
            ("manage_connections", _("Make connection requests")),
            ("watch_exchange", _("Watch the exchange with the MIP")),
            ("run_exchange", _("Run the exchange with the MIP: pause, pace, send again")),
            ("mend_cards", _("Mend cards that the MIP rejected")),
        ]

    def __str__(self) -> str:
        return "rights of the staff"
