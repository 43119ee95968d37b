"""SQL of the card's triggers: what raises the version, what asks for an upload."""

from __future__ import annotations

import pgtrigger

# What the MIP is told about a card (contract §4).
UPLOADED_COLUMNS = (
    "guid",
    "lpu_id",
    "state",
    "merged_into_id",
    "card_number",
    "family",
    "name",
    "patronymic",
    "birth_date",
    "sex",
    "snils",
    "polis_series",
    "polis_number",
    "polis_type_code",
    "polis_type_name",
    "document_series",
    "document_number",
    "document_type_code",
    "document_type_name",
    "phone",
    "address",
)
_NEW = ", ".join(f"NEW.{column}" for column in UPLOADED_COLUMNS)
_OLD = ", ".join(f"OLD.{column}" for column in UPLOADED_COLUMNS)

# A version only rises. A writer may ask for a higher one without a change: that is how we rise above a MIP
# that knows more than we do after a restore. A stale save() cannot take it back.
# A polis that has come in, from the region say, ends the reason why there was none.
# The number of a card that came without one is made of its id; "M" is for МКАБ.
CARD_STAMP = f"""
IF NEW.card_number = '' THEN
    NEW.card_number := 'M-' || lpad(NEW.id::text, greatest(7, length(NEW.id::text)), '0');
    IF EXISTS (SELECT FROM patients_patient WHERE lpu_id = NEW.lpu_id AND card_number = NEW.card_number) THEN
        NEW.card_number := NEW.card_number || '-' || left(md5(random()::text), 6);
    END IF;
END IF;
IF NEW.polis_number <> '' THEN
    NEW.no_polis_reason := '';
END IF;
IF TG_OP = 'INSERT' THEN
    NEW.version := greatest(NEW.version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    RETURN NEW;
END IF;
NEW.version := greatest(OLD.version, NEW.version);
IF ROW({_NEW}) IS DISTINCT FROM ROW({_OLD}) THEN
    NEW.version := greatest(NEW.version + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    NEW.updated_at := now();
END IF;
RETURN NEW;
"""  # noqa: S608 - names of our own columns

# In flight stays in flight: its outcome sees that the card has a newer version and makes it wait again.
# A card that left before the MIP ever heard of it need not be told of. One that was settled has lost its hurry: else
# whoever once had an appointment would go before the patients of these days for ever (the sweep puts those first).
# A change of what has not gone out yet is as old as the first one; what was sent and failed may be mended by it.
CARD_UPLOAD_INTENT = """
IF TG_OP = 'INSERT' OR NEW.version > OLD.version THEN
    INSERT INTO patients_cardupload AS u (patient_id, state, due_at)
    VALUES (NEW.id, CASE WHEN NEW.state = 'active' THEN 'waiting' ELSE 'not_needed' END, now())
    ON CONFLICT (patient_id) DO UPDATE
       SET state = CASE WHEN u.state = 'in_flight' THEN u.state
                        WHEN NEW.state <> 'active' AND u.last_attempt_at IS NULL THEN 'not_needed'
                        ELSE 'waiting' END,
           priority = CASE WHEN u.state IN ('waiting', 'retry', 'in_flight') THEN least(u.priority, 1) ELSE 1 END,
           due_at = now(),
           wanted_since = CASE WHEN u.state IN ('waiting', 'in_flight') AND u.priority < 2
                               THEN least(u.wanted_since, now()) ELSE now() END,
           attempts = CASE WHEN u.state = 'in_flight' THEN u.attempts ELSE 0 END,
           error_code = CASE WHEN u.state = 'in_flight' THEN u.error_code ELSE '' END,
           error_text = CASE WHEN u.state = 'in_flight' THEN u.error_text ELSE '' END,
           error_field = CASE WHEN u.state = 'in_flight' THEN u.error_field ELSE '' END,
           faults = CASE WHEN u.state = 'in_flight' THEN u.faults ELSE '[]' END;
END IF;
RETURN NULL;
"""

# Two merges at once, A into B and B into C, would leave a chain: the survivor's row is locked while it is looked
# at, so the later of the two sees what the earlier did and follows it.
CARD_MERGE = """
IF TG_OP = 'UPDATE' AND NEW.merged_into_id IS NOT DISTINCT FROM OLD.merged_into_id
   AND NEW.lpu_id = OLD.lpu_id THEN
    RETURN NEW;
END IF;
SELECT * INTO survivor FROM patients_patient WHERE id = NEW.merged_into_id FOR SHARE;
IF survivor.merged_into_id IS NOT NULL THEN
    NEW.merged_into_id := survivor.merged_into_id;
END IF;
IF survivor.lpu_id <> NEW.lpu_id THEN
    RAISE EXCEPTION 'a card is merged into a card of the same LPU'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'card_merged_within_lpu', TABLE = 'patients_patient';
END IF;
RETURN NEW;
"""

# Those that were merged into this card go on to its survivor; their version rises, for the MIP is told of it.
CARD_MERGED_FOLLOW = """
UPDATE patients_patient SET merged_into_id = NEW.merged_into_id WHERE merged_into_id = NEW.id;
RETURN NULL;
"""

# A booking may be writing the card down while it is merged away. The merge holds the card FOR UPDATE, which this waits
# for; then the survivor is known, and what is written goes to it.
_FOLLOW_SURVIVOR = """
SELECT p.merged_into_id INTO survivor FROM patients_patient p WHERE p.id = NEW.patient_id FOR KEY SHARE;
IF survivor IS NOT NULL THEN
    NEW.patient_id := survivor;
END IF;
RETURN NEW;
"""


def follows_survivor(name: str) -> pgtrigger.Trigger:
    """The trigger of a table that holds cards as `patient`: what is written for a merged card is its survivor's."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("patient_id"),  # type: ignore[no-untyped-call]
        declare=[("survivor", "bigint")],
        func=_FOLLOW_SURVIVOR,
    )
