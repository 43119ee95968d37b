"""Recomputes what triggers and constraints promise; the report must be empty (design §2)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

SAMPLE = 20

CHECKS: dict[str, str] = {
    "slot_counter": """
        SELECT s.id FROM appointments_slot s
          LEFT JOIN appointments_appointment a ON a.slot_id = s.id AND a.state <> 'cancelled'
         GROUP BY s.id HAVING s.booked <> count(a.id)""",
    "slot_over_capacity": "SELECT id FROM appointments_slot WHERE booked > capacity + overbooked",
    "seat_twice": """
        SELECT min(a.id) FROM appointments_appointment a WHERE a.state <> 'cancelled'
         GROUP BY a.slot_id, a.seat HAVING count(*) > 1""",
    "patient_twice_in_slot": """
        SELECT min(a.id) FROM appointments_appointment a WHERE a.state <> 'cancelled'
         GROUP BY a.slot_id, a.patient_id HAVING count(*) > 1""",
    "number_twice_in_day": """
        SELECT min(a.id) FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id
         WHERE a.state <> 'cancelled' GROUP BY s.doctor_id, s.day, a.number HAVING count(*) > 1""",
    "direction_twice": """
        SELECT min(a.id) FROM appointments_appointment a WHERE a.state IN ('booked', 'visited')
         AND a.direction_id IS NOT NULL GROUP BY a.direction_id HAVING count(*) > 1""",
    "overlapping_slots": """
        SELECT id FROM (SELECT id, doctor_id, begin, lag("end") OVER (PARTITION BY doctor_id ORDER BY begin) AS before
          FROM appointments_slot WHERE withdrawn = '') s WHERE begin < before""",
    "appointment_in_other_lpu": """
        SELECT a.id FROM appointments_appointment a JOIN appointments_slot s ON s.id = a.slot_id
          JOIN lmis_doctor d ON d.id = s.doctor_id JOIN patients_patient p ON p.id = a.patient_id
         WHERE p.lpu_id <> d.lpu_id""",
    "live_appointment_of_merged_card": """
        SELECT a.id FROM appointments_appointment a JOIN patients_patient p ON p.id = a.patient_id
         WHERE p.state = 'merged' AND a.state = 'booked'""",
    "card_without_upload": """
        SELECT p.id FROM patients_patient p LEFT JOIN patients_cardupload u ON u.patient_id = p.id
         WHERE u.patient_id IS NULL""",
    "card_changed_but_not_waiting": """
        SELECT p.id FROM patients_patient p JOIN patients_cardupload u ON u.patient_id = p.id
         WHERE u.state = 'accepted' AND u.accepted_version IS DISTINCT FROM p.version""",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise: which, how often, and some primary keys to look at."""

    check: str
    count: int
    sample: tuple[int, ...]


def report() -> list[Finding]:
    """All findings; empty when every promise holds. One statement a check, read-only."""
    findings = []
    with connection.cursor() as cursor:
        for check, sql in CHECKS.items():
            cursor.execute(sql)
            rows = [row[0] for row in cursor.fetchall()]
            if rows:
                findings.append(Finding(check, len(rows), tuple(rows[:SAMPLE])))
    return findings
