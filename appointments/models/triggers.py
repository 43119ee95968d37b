"""SQL of the triggers that keep the promises of contract §2.4 whatever path a write takes."""

from __future__ import annotations

from lmis.models import Source

# The counter, the places beyond the plan and the stamps belong to the triggers alone: a direct UPDATE (a stale save(),
# a bulk update) keeps the old values, else it would write back a free place that is taken, or a doctor who is hidden.
# Somebody may be hiding the doctor or renaming the room just now, and his restamping would not see this slot yet:
# FOR SHARE waits for him and reads what he leaves, and he waits for us and then sees the slot.
# Two who lay slots at once both go on from the highest number of the day, and slot_ordinal_once_a_day stops the second;
# what is committed already is looked at here, since the numbers of a live queue reach further than its ordinal.
_CHANNELS = "ARRAY[" + ", ".join(f"'{source}'" for source in Source.values) + "]::varchar[]"
SLOT_GUARD = f"""
IF TG_OP = 'INSERT' THEN
    NEW.booked := 0;
    NEW.overbooked := 0;
    NEW.published := false;
    IF EXISTS (SELECT FROM appointments_slot s WHERE s.doctor_id = NEW.doctor_id AND s.day = NEW.day
               AND s.ordinal < NEW.ordinal + NEW.numbers AND s.ordinal + s.numbers > NEW.ordinal
               AND s.ordinal <> NEW.ordinal) THEN
        RAISE EXCEPTION 'the numbers of two slots of one day overlap'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_numbers_are_its_own';
    END IF;
ELSE
    IF pg_trigger_depth() < 2 THEN
        NEW.booked := OLD.booked;
        NEW.overbooked := OLD.overbooked;
        NEW.visible := OLD.visible;
        NEW.room_label := OLD.room_label;
        NEW.busy_code := OLD.busy_code;
        NEW.busy_name := OLD.busy_name;
    END IF;
    NEW.published := OLD.published;
    IF OLD.published
        AND (NEW.guid, NEW.doctor_id, NEW."begin", NEW."end", NEW.day, NEW.ordinal, NEW.is_queue, NEW.numbers)
        IS DISTINCT FROM
            (OLD.guid, OLD.doctor_id, OLD."begin", OLD."end", OLD.day, OLD.ordinal, OLD.is_queue, OLD.numbers) THEN
        RAISE EXCEPTION 'a published slot keeps its doctor, begin and end'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_published_is_fixed';
    END IF;
END IF;
IF TG_OP = 'INSERT' OR (NEW.channels, NEW.release_at, NEW.release_channels)
                    IS DISTINCT FROM (OLD.channels, OLD.release_at, OLD.release_channels) THEN
    IF NOT NEW.channels <@ {_CHANNELS} THEN
        RAISE EXCEPTION 'a channel is one of SourceEnum'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_channels_known';
    END IF;
    IF NOT NEW.release_channels <@ {_CHANNELS} THEN
        RAISE EXCEPTION 'a channel is one of SourceEnum'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_release_known';
    END IF;
    IF (NEW.release_at IS NULL) <> (cardinality(NEW.release_channels) = 0) THEN
        RAISE EXCEPTION 'a slot that opens to more channels says to which and when'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_release_whole';
    END IF;
END IF;
IF TG_OP = 'INSERT' OR NEW.room_id IS DISTINCT FROM OLD.room_id THEN
    SELECT d.is_published AND d.is_active, coalesce(NEW.room_id, d.room_id) INTO STRICT NEW.visible, shown_room
      FROM lmis_doctor d WHERE d.id = NEW.doctor_id FOR SHARE;
    SELECT r.number INTO NEW.room_label FROM lmis_room r WHERE r.id = shown_room FOR SHARE;
    NEW.room_label := coalesce(NEW.room_label, '');
END IF;
IF TG_OP = 'INSERT' OR NEW.busy_type_id IS DISTINCT FROM OLD.busy_type_id THEN
    SELECT b.code, b.name INTO NEW.busy_code, NEW.busy_name
      FROM lmis_busytype b WHERE b.id = NEW.busy_type_id FOR SHARE;
END IF;
NEW.published := NEW.published OR NEW.visible;
NEW.changed := pg_current_xact_id()::text::bigint;
RETURN NEW;
"""  # noqa: S608

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

# A mark, or a patient's coming, touches no slot: without a stamp here a screen that asks for changes would miss it.
APPOINTMENT_STAMP = """
NEW.changed := pg_current_xact_id()::text::bigint;
RETURN NEW;
"""

NO_TRUNCATE = """
RAISE EXCEPTION 'appointments are never truncated: the counters of the slots would stay behind'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_no_truncate';
"""

# All restamping locks its slots by ascending id first: a move between two of them must not meet it crosswise.
# The new room may be getting another number just now: FOR SHARE waits for that.
DOCTOR_RESTAMP = """
moved := NEW.room_id IS DISTINCT FROM OLD.room_id;
shown := NEW.is_published AND NEW.is_active;
IF moved THEN
    SELECT r.number INTO label FROM lmis_room r WHERE r.id = NEW.room_id FOR SHARE;
END IF;
IF moved OR shown IS DISTINCT FROM (OLD.is_published AND OLD.is_active) THEN
    PERFORM FROM appointments_slot s WHERE s.doctor_id = NEW.id AND s."end" > now() ORDER BY s.id FOR NO KEY UPDATE;
    UPDATE appointments_slot s
       SET visible = shown,
           room_label = CASE WHEN moved AND s.room_id IS NULL THEN coalesce(label, '') ELSE s.room_label END
     WHERE s.doctor_id = NEW.id AND s."end" > now() AND (s.visible IS DISTINCT FROM shown OR s.room_id IS NULL);
END IF;
RETURN NULL;
"""

# A doctor who is just leaving this room would get its new number onto his slots: lock them, then look again.
ROOM_RESTAMP = """
IF NEW.number IS DISTINCT FROM OLD.number THEN
    PERFORM FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id
      WHERE coalesce(s.room_id, d.room_id) = NEW.id AND s."end" > now() ORDER BY s.id FOR NO KEY UPDATE OF s;
    UPDATE appointments_slot s SET room_label = NEW.number
      FROM lmis_doctor d
     WHERE d.id = s.doctor_id AND coalesce(s.room_id, d.room_id) = NEW.id AND s."end" > now();
END IF;
RETURN NULL;
"""

BUSY_TYPE_RESTAMP = """
IF (NEW.code, NEW.name) IS DISTINCT FROM (OLD.code, OLD.name) THEN
    PERFORM FROM appointments_slot s WHERE s.busy_type_id = NEW.id AND s."end" > now()
      ORDER BY s.id FOR NO KEY UPDATE;
    UPDATE appointments_slot s SET busy_code = NEW.code, busy_name = NEW.name
     WHERE s.busy_type_id = NEW.id AND s."end" > now();
END IF;
RETURN NULL;
"""
