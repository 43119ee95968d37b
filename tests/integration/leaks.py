"""What the logs of a clinic's processes must not say: whatever its cards tell of patients and who speaks for them."""

import re
import urllib.parse

LOGGING = {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "GRANIAN_LOG_ACCESS_ENABLED": "1"}
OURS = ("web", "worker", "beat", "postgres", "redis")
# A name as it stands and each word of a representative's; numbers as they stand, with their series, as bare digits.
PERSONAL = r"""
    SELECT DISTINCT value FROM (
        SELECT unnest(ARRAY[family, name, patronymic, address, polis_number, polis_series || polis_number, snils,
                            regexp_replace(snils, '(...)(...)(...)(..)', '\1-\2-\3 \4'),
                            document_number, document_series || document_number,
                            document_series || ' ' || document_number]
                      || regexp_split_to_array(representative, '[\s,.]+')
                      || ARRAY[phone, representative_phone, regexp_replace(phone, '\D', '', 'g'),
                               regexp_replace(representative_phone, '\D', '', 'g')]) AS value
          FROM patients_patient
         UNION SELECT unnest(ARRAY[number, number_key]) FROM patients_patientphone) AS said
     WHERE length(value) >= 3"""
# Ids of processes, sizes and places in PostgreSQL's files may look like the number of somebody's passport.
NO_DOCUMENT = re.compile(r'"process":\d+|\[\d+\]|(?m:^)\d+:[A-Z] |\d+ kB|lsn=\S+')
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def of_patients(clinic):
    """All that the clinic's cards say now that nobody's log may say."""
    return {value for (value,) in clinic.rows(PERSONAL)}


def logs_of(clinic):
    """What each of its processes has said, by name."""
    folder = clinic.running.data_dir / "log"
    return {name: (folder / f"{name}.log").read_text() for name in OURS}


def leaks(text, personal):
    """Which of these stand in the text as whole words, however they are spelled: as a URL or JSON writes them, too."""
    read = NO_DOCUMENT.sub(" ", text)
    read = f"{read}\n{urllib.parse.unquote_plus(read)}\n{ESCAPED.sub(lambda code: chr(int(code[1], 16)), read)}"
    read = read.casefold()
    words = set(re.findall(r"\w+", read))
    return {value for value in personal if _stands_in(value.casefold(), read, words)}


def _stands_in(value, text, words):
    if re.fullmatch(r"\w+", value):
        return value in words
    return value in text and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None
