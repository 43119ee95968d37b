"""SQL of the card's triggers: what raises the version, what asks for an upload."""

from __future__ import annotations

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
CARD_STAMP = f"""
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
"""

# In flight stays in flight: its outcome sees that the card has a newer version and makes it wait again.
CARD_UPLOAD_INTENT = """
IF TG_OP = 'INSERT' OR NEW.version > OLD.version THEN
    INSERT INTO patients_cardupload AS u (patient_id, state, due_at)
    VALUES (NEW.id, 'waiting', now())
    ON CONFLICT (patient_id) DO UPDATE
       SET state = CASE WHEN u.state = 'in_flight' THEN u.state ELSE 'waiting' END,
           due_at = now(),
           error_code = CASE WHEN u.state = 'in_flight' THEN u.error_code ELSE '' END,
           error_text = CASE WHEN u.state = 'in_flight' THEN u.error_text ELSE '' END;
END IF;
RETURN NULL;
"""
