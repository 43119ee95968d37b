"""The holidays of the years that are known, and who may edit them."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from lmis.services import calendar_loading
from lmis.services.groups import grant_in_migration


def load(apps: Any, schema_editor: Any) -> None:
    """A clinic does not have to think of it; what it entered itself stays."""
    calendar_loading.add_missing(apps.get_model("lmis", "CalendarDay"), calendar_loading.read(calendar_loading.DEFAULT))


class Migration(migrations.Migration):
    """Taking it back keeps the days and the groups."""

    dependencies = [("lmis", "0008_calendar")]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(grant_in_migration, migrations.RunPython.noop, elidable=False),
    ]
