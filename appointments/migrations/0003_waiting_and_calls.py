"""The waiting list, the call list, and what is decided about a doctor's absence."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_refuse_full"),
        ("directions", "0001_initial"),
        ("lmis", "0003_groups"),
        ("patients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CallTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("guid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="guid")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("moved", "moved to another time"),
                            ("substituted", "another doctor at the same time"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=12,
                        verbose_name="what happened",
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=255, verbose_name="reason")),
                ("phone", models.CharField(blank=True, default="", max_length=64, verbose_name="phone")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "to be called"), ("done", "told")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("call_after", models.DateTimeField(blank=True, null=True, verbose_name="not before")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="entered"
                    ),
                ),
                ("created_by", models.CharField(blank=True, default="", max_length=150, verbose_name="entered by")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="told at")),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="appointments.appointment",
                        verbose_name="appointment",
                    ),
                ),
                (
                    "new_slot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.slot",
                        verbose_name="new place",
                    ),
                ),
                (
                    "old_slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.slot",
                        verbose_name="old place",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "call to a patient",
                "verbose_name_plural": "call list",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CallAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("reached", "reached, agrees"),
                            ("no_answer", "no answer"),
                            ("refused", "reached, refuses the new time"),
                            ("needless", "nothing to tell any more"),
                        ],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=255, verbose_name="note")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("by", models.CharField(blank=True, default="", max_length=150, verbose_name="who")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="employee",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="appointments.calltask",
                        verbose_name="call",
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt to call",
                "verbose_name_plural": "attempts to call",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("guid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="guid")),
                ("first_day", models.DateField(verbose_name="from")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "part",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "any time"),
                            ("morning", "in the morning, before 12:00"),
                            ("evening", "in the evening, from 16:00"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="time of day",
                    ),
                ),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            choices=[
                                (1, "Monday"),
                                (2, "Tuesday"),
                                (3, "Wednesday"),
                                (4, "Thursday"),
                                (5, "Friday"),
                                (6, "Saturday"),
                                (7, "Sunday"),
                            ]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="weekdays",
                    ),
                ),
                ("phone", models.CharField(blank=True, default="", max_length=64, verbose_name="phone")),
                ("urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("due", models.DateField(blank=True, null=True, verbose_name="to be seen by")),
                ("note", models.CharField(blank=True, default="", max_length=500, verbose_name="note")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "waiting"), ("booked", "booked"), ("closed", "closed")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="entered"
                    ),
                ),
                ("created_by", models.CharField(blank=True, default="", max_length=150, verbose_name="entered by")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("closed_by", models.CharField(blank=True, default="", max_length=150, verbose_name="closed by")),
                (
                    "close_reason",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="reason of closing"),
                ),
                (
                    "appointment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="appointments.appointment",
                        verbose_name="appointment",
                    ),
                ),
                (
                    "direction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="directions.direction",
                        verbose_name="direction",
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="lmis.doctor",
                        verbose_name="doctor",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "speciality",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="lmis.speciality",
                        verbose_name="speciality",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="employee",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of the waiting list",
                "verbose_name_plural": "waiting list",
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="AbsenceDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("substitute", "another doctor at the same time"),
                            ("move", "another time"),
                            ("cancel", "cancel"),
                            ("keep", "keep as it is"),
                        ],
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "waits for its turn"), ("done", "done"), ("refused", "could not be done")],
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "refusal",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="why it could not be done"),
                ),
                ("decided_by", models.CharField(blank=True, default="", max_length=150, verbose_name="decided by")),
                ("decided_at", models.DateTimeField(verbose_name="decided at")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="appointments.appointment",
                        verbose_name="appointment",
                    ),
                ),
                (
                    "exception",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="appointments.scheduleexception",
                        verbose_name="absence",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.slot",
                        verbose_name="old place",
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lmis.doctor",
                        verbose_name="substitute",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.slot",
                        verbose_name="new place",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision about an appointment",
                "verbose_name_plural": "decisions about appointments",
                "ordering": ["slot__begin", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("exception", "appointment"), name="decision_once_an_absence"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choice", "substitute"), ("substitute__isnull", False)),
                            models.Q(("choice", "move"), ("substitute__isnull", True), ("target__isnull", False)),
                            models.Q(
                                ("choice__in", ["cancel", "keep"]),
                                ("substitute__isnull", True),
                                ("target__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="decision_has_its_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("state__in", ["planned", "refused"])),
                            models.Q(("done_at__isnull", False), ("state", "done")),
                            _connector="OR",
                        ),
                        name="decision_done_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("refusal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="decision_refusal_says_why",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("appointment",), name="call_once_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("new_slot__isnull", True), ("what", "cancelled")),
                    models.Q(("new_slot__isnull", False), ("what__in", ["moved", "substituted"])),
                    _connector="OR",
                ),
                name="call_what_and_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("state", "open")),
                    models.Q(("done_at__isnull", False), ("state", "done")),
                    _connector="OR",
                ),
                name="call_done_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="callattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["reached", "no_answer", "refused", "needless"])),
                name="call_outcome_known",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingentry",
            index=models.Index(condition=models.Q(("state", "open")), fields=["created_at"], name="waiting_open"),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("speciality__isnull", True), ("doctor__isnull", True), _connector="XOR"),
                name="waiting_for_doctor_or_speciality",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("speciality__isnull", False), ("state", "open")),
                fields=("patient", "speciality"),
                name="waiting_once_a_speciality",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("doctor__isnull", False), ("state", "open")),
                fields=("patient", "doctor"),
                name="waiting_once_a_doctor",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day__isnull", True), ("last_day__gte", models.F("first_day")), _connector="OR"
                ),
                name="waiting_days_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("part__in", ["", "morning", "evening"])), name="waiting_part_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekdays__contained_by", [1, 2, 3, 4, 5, 6, 7])), name="waiting_weekdays_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", True), ("closed_at__isnull", True), ("state", "open")),
                    models.Q(("appointment__isnull", False), ("closed_at__isnull", False), ("state", "booked")),
                    models.Q(
                        ("appointment__isnull", True),
                        ("closed_at__isnull", False),
                        ("state", "closed"),
                        models.Q(("close_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="waiting_state_says_why",
            ),
        ),
    ]
