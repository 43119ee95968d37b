CREATE TABLE IF NOT EXISTS cards (
    id INTEGER PRIMARY KEY,
    guid TEXT NOT NULL UNIQUE,
    lpu_guid TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    merged_into TEXT NOT NULL,
    person_guid TEXT NOT NULL,
    polis_series TEXT NOT NULL,
    polis_number TEXT NOT NULL,
    document_series TEXT NOT NULL,
    document_number TEXT NOT NULL,
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    patronymic TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS cards_reconciled ON cards (lpu_guid, guid, version);
CREATE INDEX IF NOT EXISTS cards_of_person ON cards (person_guid, lpu_guid, state);
CREATE INDEX IF NOT EXISTS cards_by_polis ON cards (polis_number) WHERE polis_number <> '';
CREATE INDEX IF NOT EXISTS cards_by_document ON cards (document_number, document_series) WHERE document_number <> '';
CREATE TABLE IF NOT EXISTS counters (
    lpu_guid TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (lpu_guid, kind)
) WITHOUT ROWID;
