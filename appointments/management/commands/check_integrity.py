"""`manage.py check_integrity`: recomputes what the database promises."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appointments.services import integrity


class Command(BaseCommand):
    """Ends with status 1 when anything is broken; nightly by beat as well."""

    help = "Recompute counters, seats, numbers and uploads; print what is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line a finding."""
        findings = integrity.report()
        for finding in findings:
            self.stdout.write(f"{finding.check}: {finding.count} (ids: {', '.join(map(str, finding.sample))})")
        if findings:
            raise CommandError(f"{len(findings)} promises are broken.", returncode=1)
        self.stdout.write(f"{len(integrity.CHECKS)} checks, nothing broken.")
