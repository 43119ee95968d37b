"""What the logs of a clinic's processes must not say: whatever its cards tell of patients and who speaks for them."""

import contextlib
import re
import urllib.parse

import psycopg

from lmis import embedded
from lmis.embedded import servers

ALL_THERE_IS = {"LOG_LEVEL": "INFO", "GRANIAN_LOG_ACCESS_ENABLED": "1"}
LOGGING = {**ALL_THERE_IS, "LOG_FORMAT": "json"}
REGION = "sandbox"  # not ours: it says what it likes
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
NO_DOCUMENT = re.compile(r'"process":\d+|\[\d+\]|(?m:^)\d+:[A-Z] |(?i:\bpid[ =])\d+|\d+ kB|lsn=\S+')
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@contextlib.contextmanager
def discreet(demo):
    """Start this demo; it is ended after the block.

    Raises AssertionError when any of its processes has said until then what its cards tell of somebody.
    """
    try:
        yield demo.start()
        personal = of_patients(demo)
    finally:
        demo.clear_away()
    told = told_of(personal, logs_of(demo))
    assert told == {}, f"logs of the demo in {demo.data_dir} name patients: {told}"


def of_patients(demo):
    """All that its clinic's cards say now that nobody's log may say."""
    with database_of(demo) as connection:
        return {value for (value,) in connection.execute(PERSONAL)}


@contextlib.contextmanager
def database_of(demo):
    """A connection to its database, which a demo that was ended or killed may have left behind without a server."""
    with contextlib.ExitStack() as stack:
        url = dict(demo.env).get("DATABASE_URL")
        if url is None:
            stack.enter_context(servers.running(demo.data_dir))
            url = embedded.database_url(demo.data_dir)
        yield stack.enter_context(psycopg.connect(url))


def logs_of(demo):
    """What each of its processes has said in all its runs, by the file's name."""
    files = [file for file in (demo.data_dir / "log").glob("*.log") if not file.name.startswith(REGION)]
    logs = {file.name: file.read_text(errors="replace") for file in files}  # a letter may be cut by a kill
    assert {"web.log", "worker.log", "beat.log"} <= logs.keys()
    return logs


def told_of(personal, logs):
    """Which of these each log tells; empty when none does."""
    return {name: found for name, text in logs.items() if (found := leaks(text, personal))}


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
