"""Lets the statement that locks a slot refuse a full one (see `appointments.locks`)."""

from __future__ import annotations

from django.db import migrations

MAKE = """
CREATE FUNCTION appointments_has_place(places integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF places > 0 THEN
        RETURN TRUE;
    END IF;
    RAISE check_violation USING MESSAGE = 'no place left', CONSTRAINT = 'slot_never_over_capacity';
END $$
"""


class Migration(migrations.Migration):
    """No data changes."""

    dependencies = [("appointments", "0001_initial")]

    operations = [migrations.RunSQL(MAKE, "DROP FUNCTION appointments_has_place(integer)")]
