"""The staff's groups: who may do what, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.management import create_permissions
from django.utils.translation import gettext_lazy as _

_ACTIONS = {"v": "view", "a": "add", "c": "change", "d": "delete"}

# What everybody at the desk and in the rooms needs to read: the directories and the schedule.
_HOUSE = {
    "lmis.lpu": "v",
    "lmis.department": "v",
    "lmis.room": "v",
    "lmis.doctor": "v",
    "lmis.speciality": "v",
    "lmis.position": "v",
    "lmis.busytype": "v",
    "lmis.calendarday": "v",
    "appointments.slot": "v",
    "appointments.scheduletemplate": "v",
    "appointments.scheduleexception": "v",
    "appointments.waitnorm": "v",
}
_READS_PATIENTS = {
    "patients.patient": "v",
    "directions.direction": "v",
    "directions.incomingdirection": "v",
    "appointments.appointment": "v",
}

# Group × model → view, add, change, delete. A new model of ours, or a new right to one, is a new row here
# and a migration that calls `grant_groups` again.
GROUPS: dict[str, dict[str, str]] = {
    "registrar": {
        **_HOUSE,
        "patients.patient": "vac",
        "patients.cardupload": "v",
        "directions.direction": "vac",
        "directions.incomingdirection": "vac",
        "appointments.appointment": "vac",
    },
    "doctor": {**_HOUSE, **_READS_PATIENTS},
    "head": {
        **_HOUSE,
        **_READS_PATIENTS,
        "lmis.calendarday": "vacd",
        "appointments.scheduleexception": "vacd",
        "appointments.slot": "vc",
    },
    "operator": {"patients.cardupload": "vc"},
    "administrator": {
        "lmis.lpu": "vacd",
        "lmis.department": "vacd",
        "lmis.room": "vacd",
        "lmis.doctor": "vacd",
        "lmis.speciality": "vacd",
        "lmis.position": "vacd",
        "lmis.busytype": "vacd",
        "lmis.calendarday": "vacd",
        "lmis.dictionary": "v",
        "lmis.dictionarycode": "v",
        "lmis.codemapping": "vacd",
        "lmis.apiclient": "vac",
        "lmis.apisecret": "vac",
        "lmis.failedlogin": "v",
        "lmis.idempotencyrecord": "v",
        "lmis.epoch": "v",
        "patients.patient": "vac",
        "patients.cardupload": "vc",
        "directions.direction": "vac",
        "directions.incomingdirection": "vac",
        "appointments.scheduletemplate": "v",
        "appointments.scheduleexception": "vacd",
        "appointments.slot": "vc",
        "appointments.waitnorm": "vacd",
        "appointments.appointment": "vac",
        "auth.user": "vacd",
        "auth.group": "vacd",
    },
}
# Group → rights of `lmis.StaffRight`: screens and what they offer. The rule for a new one is the same.
_BOOKS = {"book_appointments", "move_appointments", "cancel_appointments", "undo_mistake", "mark_visits"}
RIGHTS: dict[str, set[str]] = {
    "registrar": {
        *_BOOKS,
        "use_desk",
        "use_grid",
        "enter_paper_directions",
        "use_waiting_list",
        "use_calls",
        "mend_cards",
    },
    "doctor": {
        "use_day",
        "use_grid",
        "mark_visits",
        "book_appointments",
        "move_appointments",
        "cancel_appointments",
        "undo_mistake",
        "issue_directions",
    },
    "head": {
        *_BOOKS,
        "use_grid",
        "overbook",
        "edit_templates",
        "edit_absences",
        "edit_calendar",
        "use_calls",
        "use_waiting_list",
        "view_waiting_summary",
        "view_head_page",
        "view_journal",
    },
    "operator": {"watch_exchange", "run_exchange"},
    "administrator": {
        *_BOOKS,
        "use_desk",
        "use_grid",
        "overbook",
        "issue_directions",
        "enter_paper_directions",
        "edit_templates",
        "edit_absences",
        "edit_calendar",
        "edit_norms",
        "use_waiting_list",
        "view_waiting_summary",
        "use_calls",
        "merge_cards",
        "import_cards",
        "export_cards",
        "view_head_page",
        "view_journal",
        "manage_connections",
        "watch_exchange",
        "run_exchange",
        "mend_cards",
    },
}
LABELS = {
    "registrar": _("Registrar"),
    "doctor": _("Doctor"),
    "head": _("Head of department"),
    "operator": _("Operator of the exchange"),
    "administrator": _("Administrator"),
}


def label_of(name: str) -> str:
    """What people read for a group's name; a group that the clinic made itself keeps its own."""
    return str(LABELS.get(name, name))


def grant_groups(*, group_model: Any, permission_model: Any, exact: bool = False) -> list[str]:
    """Make the groups that are missing, and give each what the table says.

    In: the two models of `auth`, a migration's historical ones or today's. What the clinic gave a group besides stays,
    unless `exact`. Out: the table's permissions that do not exist (yet), such as `appointments.view_slot`.
    """
    known = {
        (app, codename): pk
        for pk, app, codename in permission_model.objects.values_list("pk", "content_type__app_label", "codename")
    }
    missing: set[str] = set()
    for name, table in GROUPS.items():
        group, _created = group_model.objects.get_or_create(name=name)
        wanted = {*_permissions(table), *(("lmis", right) for right in RIGHTS[name])}
        missing |= {f"{app}.{codename}" for app, codename in wanted - known.keys()}
        pks = [known[key] for key in wanted & known.keys()]
        if exact:
            group.permissions.set(pks)
        else:
            group.permissions.add(*pks)
    return sorted(missing)


def grant_in_migration(apps: Any, schema_editor: Any) -> None:
    """For a migration's `RunPython`: the permissions of all models known by then, and the groups' share of them.

    Django itself makes permissions only after the last migration.
    """
    for label in ("auth", "auditlog", "lmis", "patients", "directions", "appointments"):
        config = apps.get_app_config(label)
        config.models_module = True  # of a historical app it is None, and without it nothing is made
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
        config.models_module = None
    grant_groups(group_model=apps.get_model("auth", "Group"), permission_model=apps.get_model("auth", "Permission"))


def _permissions(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(app, codename) of each letter in a group's rows."""
    for model, letters in table.items():
        app, name = model.split(".")
        for letter in letters:
            yield app, f"{_ACTIONS[letter]}_{name}"
