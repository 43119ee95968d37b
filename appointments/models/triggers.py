"""SQL of the triggers that keep the promises of contract §2.4 whatever path a write takes."""

from __future__ import annotations

# The counter and the places beyond the plan belong to the appointments' trigger alone: a direct UPDATE (a stale
# save(), a bulk update) keeps the old values, else it would write back a free place that is taken.
SLOT_GUARD = """
IF TG_OP = 'INSERT' THEN
    NEW.booked := 0;
    NEW.overbooked := 0;
    NEW.published := false;
ELSE
    IF pg_trigger_depth() < 2 THEN
        NEW.booked := OLD.booked;
        NEW.overbooked := OLD.overbooked;
    END IF;
    NEW.published := OLD.published;
    IF OLD.published AND (NEW.guid, NEW.doctor_id, NEW."begin", NEW."end", NEW.day, NEW.ordinal)
        IS DISTINCT FROM (OLD.guid, OLD.doctor_id, OLD."begin", OLD."end", OLD.day, OLD.ordinal) THEN
        RAISE EXCEPTION 'a published slot keeps its doctor, begin and end'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_published_is_fixed';
    END IF;
END IF;
IF TG_OP = 'INSERT' OR NEW.room_id IS DISTINCT FROM OLD.room_id
    OR NEW.busy_type_id IS DISTINCT FROM OLD.busy_type_id THEN
    SELECT d.is_published AND d.is_active, coalesce(r.number, dr.number, '')
      INTO STRICT NEW.visible, NEW.room_label
      FROM lmis_doctor d
      LEFT JOIN lmis_room r ON r.id = NEW.room_id
      LEFT JOIN lmis_room dr ON dr.id = d.room_id
     WHERE d.id = NEW.doctor_id;
    NEW.busy_code := NULL;
    NEW.busy_name := NULL;
    SELECT b.code, b.name INTO NEW.busy_code, NEW.busy_name FROM lmis_busytype b WHERE b.id = NEW.busy_type_id;
END IF;
NEW.published := NEW.published OR NEW.visible;
NEW.changed := pg_current_xact_id()::text::bigint;
RETURN NEW;
"""

SLOT_KEEP = """
IF OLD.published THEN
    RAISE EXCEPTION 'a slot that was ever published is never deleted: withdraw it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_published_is_kept';
END IF;
RETURN OLD;
"""

# Two slots are touched in ascending id order, as everywhere, so that moves in opposite directions cannot deadlock.
# Leaving a slot with places beyond the plan takes one of those away, so that it never leaks to the API.
APPOINTMENT_COUNTS = """
over := 0;
IF TG_OP <> 'INSERT' AND OLD.state <> 'cancelled' THEN leaves := OLD.slot_id; END IF;
IF TG_OP <> 'DELETE' AND NEW.state <> 'cancelled' THEN
    enters := NEW.slot_id;
    IF NEW.over_plan THEN over := 1; END IF;
END IF;
IF leaves IS NOT DISTINCT FROM enters THEN RETURN NULL; END IF;
IF enters < leaves THEN
    UPDATE appointments_slot SET booked = booked + 1, overbooked = overbooked + over WHERE id = enters;
    enters := NULL;
END IF;
IF leaves IS NOT NULL THEN
    UPDATE appointments_slot SET booked = booked - 1, overbooked = greatest(overbooked - 1, 0)
     WHERE id = leaves;
END IF;
IF enters IS NOT NULL THEN
    UPDATE appointments_slot SET booked = booked + 1, overbooked = overbooked + over WHERE id = enters;
END IF;
RETURN NULL;
"""

NO_TRUNCATE = """
RAISE EXCEPTION 'appointments are never truncated: the counters of the slots would stay behind'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_no_truncate';
"""

DOCTOR_RESTAMP = """
IF (NEW.is_published, NEW.is_active, NEW.room_id) IS DISTINCT FROM (OLD.is_published, OLD.is_active, OLD.room_id) THEN
    UPDATE appointments_slot s
       SET visible = NEW.is_published AND NEW.is_active,
           room_label = coalesce((SELECT r.number FROM lmis_room r WHERE r.id = coalesce(s.room_id, NEW.room_id)), '')
     WHERE s.doctor_id = NEW.id AND s."end" > now();
END IF;
RETURN NULL;
"""

ROOM_RESTAMP = """
IF NEW.number IS DISTINCT FROM OLD.number THEN
    UPDATE appointments_slot s SET room_label = NEW.number
      FROM lmis_doctor d
     WHERE d.id = s.doctor_id AND coalesce(s.room_id, d.room_id) = NEW.id AND s."end" > now();
END IF;
RETURN NULL;
"""

BUSY_TYPE_RESTAMP = """
IF (NEW.code, NEW.name) IS DISTINCT FROM (OLD.code, OLD.name) THEN
    UPDATE appointments_slot s SET busy_code = NEW.code, busy_name = NEW.name
     WHERE s.busy_type_id = NEW.id AND s."end" > now();
END IF;
RETURN NULL;
"""
