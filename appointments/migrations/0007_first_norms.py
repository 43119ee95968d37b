"""The norms of waiting that hold everywhere, for the clinic to edit, and the groups' rights to them."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from lmis.services.groups import grant_in_migration

BASIS = "Программа государственных гарантий бесплатного оказания гражданам медицинской помощи"
DAY = ("врач-терапевт", "врач-педиатр", "врач общей практики")  # physicians, paediatricians, general practitioners
ROWS = [
    *({"position_begins": words, "hours": 24} for words in DAY),
    {"working_days": 14},
    {"kind": "cancer", "working_days": 3},
    {"kind": "heart", "working_days": 3},
]


def fill(apps: Any, schema_editor: Any) -> None:
    """Only an empty table: what the clinic has entered stays."""
    norm = apps.get_model("appointments", "WaitNorm")
    if not norm.objects.exists():
        norm.objects.bulk_create(norm(basis=BASIS, **row) for row in ROWS)


class Migration(migrations.Migration):
    """Taking it back keeps rows and rights."""

    dependencies = [("appointments", "0006_norms_of_waiting"), ("lmis", "0005_staff_rights")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(grant_in_migration, migrations.RunPython.noop, elidable=False),
    ]
