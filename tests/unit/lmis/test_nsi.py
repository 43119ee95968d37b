"""Dictionaries: loading them from files, and what the database refuses."""

import csv
import datetime as dt
import tracemalloc
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from lmis import nsi
from lmis.actors import Actor
from lmis.models import CodeMapping, Dictionary, DictionaryCode
from lmis.services import nsi_files, nsi_loading
from lmis.services.nsi_files import COLUMNS, FileRefused, Foreign, Reading

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
BY = Actor(label="admin")
SHIPPED = sorted(nsi_files.SHIPPED.glob("*.csv"))
pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    """Writes a file of rows; what a row does not say is as usual."""

    def write(*rows, columns=COLUMNS, delimiter=",", usual=True, name="codes.csv"):
        path = tmp_path / name
        base = {"oid": "1.2.3", "version": "1.0", "name": "что-то", "source": "nsi", "date": "2026-01-31"}
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, delimiter=delimiter, restval="")
            writer.writeheader()
            writer.writerows((base | row) if usual else row for row in rows)
        return path

    return write


def load(path, **fields):
    return nsi_loading.load(**{"path": path, "by": BY, "now": NOW} | fields)


def codes(oid="1.2.3"):
    return {(code.code, code.name, code.version, code.is_current) for code in DictionaryCode.objects.of(oid)}


def everything():
    return list(Dictionary.objects.values()), list(DictionaryCode.objects.values())


class TestLoading:
    def test_what_is_stored(self, file):
        loaded = load(file({"code": "1", "name": " врач  общей практики "}, {"code": "", "name": "медсестра"}))
        assert (loaded.rows, loaded.added, loaded.changed, loaded.withdrawn) == (2, 2, 0, 0)
        assert codes() == {("1", "врач общей практики", "1.0", True), ("", "медсестра", "1.0", True)}
        kept = Dictionary.objects.get()
        assert (kept.oid, kept.version, kept.source, kept.checked_on) == ("1.2.3", "1.0", "nsi", dt.date(2026, 1, 31))
        assert (kept.loaded_by, kept.loaded_at) == ("admin", NOW)

    def test_the_same_again_changes_nothing(self, file):
        path = file({"code": "1"}, {"code": "2", "name": "иное"}, {"code": "", "name": "без кода"})
        load(path)
        before = everything()
        loaded = load(path, now=NOW + dt.timedelta(days=1), by=Actor(label="другой"))
        assert (loaded.added, loaded.changed, loaded.withdrawn) == (0, 0, 0)
        assert everything() == before

    def test_a_new_version(self, file):
        load(file({"code": "1"}, {"code": "2"}, {"code": "3", "name": "старое"}, {"code": "", "name": "без кода"}))
        newer = [{"code": "1"}, {"code": "3", "name": "новое"}, {"code": "4", "name": "без кода"}]
        loaded = load(file(*(row | {"version": "1.10"} for row in newer)))
        assert (loaded.added, loaded.changed, loaded.withdrawn) == (1, 1, 2)
        assert codes() == {
            ("1", "что-то", "1.10", True),
            ("2", "что-то", "1.0", False),
            ("3", "новое", "1.10", True),
            ("4", "без кода", "1.10", True),
            ("", "без кода", "1.0", False),
        }

    def test_a_code_comes_back(self, file):
        for version, row in (("1.0", {"code": "1"}), ("1.1", {"code": "2"}), ("1.2", {"code": "1"})):
            load(file(row | {"version": version}))
        assert codes() == {("1", "что-то", "1.2", True), ("2", "что-то", "1.1", False)}

    def test_other_dictionaries_stay(self, file):
        load(file({"code": "1", "oid": "F011"}))
        load(file({"code": "9"}))
        assert codes("F011") == {("1", "что-то", "1.0", True)}

    def test_two_dictionaries_may_use_one_code(self, file):
        load(file({"code": "3", "oid": "F011"}, {"code": "3", "oid": "1.2.3", "version": ""}))
        assert (codes("F011"), codes()) == ({("3", "что-то", "1.0", True)}, {("3", "что-то", "", True)})

    def test_semicolons_and_a_mark_of_the_editor(self, file):
        path = file({"code": "1", "name": "а, б"}, delimiter=";")
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        load(path)
        assert codes() == {("1", "а, б", "1.0", True)}

    def test_icd_without_marks_and_headings(self, file):
        rows = [
            ("A00-A09", "блок"),
            ("I", "класс"),
            ("G63.2*", "полиневропатия"),
            ("A17.0+", "менингит"),
            ("I10", "ГБ"),
        ]
        loaded = load(file(*({"oid": nsi.ICD10, "code": code, "name": name} for code, name in rows)))
        assert (loaded.added, loaded.skipped) == (3, 2)
        assert {code[0] for code in codes(nsi.ICD10)} == {"G63.2", "A17.0", "I10"}

    def test_a_file_in_columns_of_its_own(self, file):
        path = file(
            {"ID": "7", "MKB_CODE": "I10", "MKB_NAME": "гипертензия", "ACTUAL": "1"},
            columns=("ID", "MKB_CODE", "MKB_NAME", "ACTUAL"),
            usual=False,
        )
        load(path, foreign=Foreign(nsi.ICD10, "2.27", "портал", "2026-02-01", "MKB_CODE", "MKB_NAME"))
        assert codes(nsi.ICD10) == {("I10", "гипертензия", "2.27", True)}

    def test_progress_is_told(self, file, monkeypatch):
        monkeypatch.setattr(nsi_loading, "EVERY", 2)
        told = []
        load(file(*({"code": str(number)} for number in range(5))), progress=told.append)
        assert told == [2, 4]

    def test_memory_does_not_grow_with_the_file(self, file):
        """A file ten times as long takes as much, not ten times."""

        def peak(count):
            path = file(*({"code": str(number), "name": f"имя {number}" * 10} for number in range(count)))
            tracemalloc.start()
            for _row in Reading(path).rows():
                pass
            _now, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        assert peak(20_000) < 2 * peak(2_000)


WRONG_ROWS = {
    "no name": [{"code": "1", "name": " "}],
    "no source": [{"code": "1", "source": ""}],
    "no dictionary": [{"code": "1", "oid": ""}],
    "no date": [{"code": "1", "date": ""}],
    "a date of ours": [{"code": "1", "date": "31.01.2026"}],
    "a version in words": [{"code": "1", "version": "новая"}],
    "a code too long": [{"code": "1" * 33}],
    "a name too long": [{"code": "1", "name": "я" * 501}],
    "a code twice": [{"code": "1"}, {"code": "2"}, {"code": "1", "name": "иначе"}],
    "a name twice without a code": [{"code": ""}, {"code": ""}],
    "a diagnosis twice once its marks are gone": [
        {"oid": nsi.ICD10, "code": "A17.0+"},
        {"oid": nsi.ICD10, "code": "A17.0"},
    ],
    "two versions": [{"code": "1"}, {"code": "2", "version": "1.1"}],
    "two sources": [{"code": "1"}, {"code": "2", "source": "иной"}],
    "an older version": [{"code": "1", "version": "0.9"}],
    "a version not known after one that is": [{"code": "1", "version": ""}],
    "nothing at all": [],
}


class TestRefusals:
    @pytest.fixture
    def loaded(self, file):
        load(file({"code": "1"}, {"code": "0", "name": "прежнее"}))
        return everything()

    @pytest.mark.parametrize("rows", WRONG_ROWS.values(), ids=WRONG_ROWS)
    def test_nothing_is_half_loaded(self, file, loaded, rows):
        good = [] if not rows else [{"code": "99", "oid": "9.9.9"}]
        with pytest.raises(FileRefused) as refused:
            load(file(*good, *rows))
        assert refused.value.lines
        assert everything() == loaded

    @pytest.mark.parametrize(
        "columns",
        [(*COLUMNS, "note"), COLUMNS[:-1], (*COLUMNS, "code"), ("код", "имя")],
        ids=["unknown", "missing", "twice", "others"],
    )
    def test_columns(self, tmp_path, loaded, columns):
        path = tmp_path / "codes.csv"
        path.write_text(",".join(columns) + "\n")
        with pytest.raises(FileRefused) as refused:
            load(path)
        assert all(name in refused.value.lines[0] for name in columns)
        assert everything() == loaded

    def test_the_lines_are_named(self, file):
        with pytest.raises(FileRefused) as refused:
            load(file({"code": "1"}, {"code": "2", "name": ""}, {"code": "3", "date": "вчера"}))
        assert [line.split(":")[0][-1] for line in refused.value.lines] == ["3", "4"]

    def test_a_row_that_is_cut_off(self, file):
        path = file({"code": "1"})
        path.write_text(path.read_text() + "1.2.3,1.0,2\n")
        with pytest.raises(FileRefused):
            load(path)
        assert everything() == ([], [])

    def test_a_file_of_another_kind_ends_soon(self, file):
        with pytest.raises(FileRefused) as refused:
            load(file(*({"code": str(number), "date": "?"} for number in range(1000))))
        assert len(refused.value.lines) == 21

    @pytest.mark.parametrize("content", [b"\xff\xfeoid", 'oid,version,code\n"без конца'.encode(), b"\x00\x01"])
    def test_what_is_no_text(self, tmp_path, content):
        path = tmp_path / "codes.csv"
        path.write_bytes(content)
        with pytest.raises(FileRefused):
            load(path)


class TestCommand:
    def test_what_comes_with_the_system(self):
        """The facts that are known for sure, and no others: each code below stands in the task."""
        call_command("load_nsi", *map(str, SHIPPED), stdout=StringIO())
        known = {
            (oid, code): name
            for oid, code, name in DictionaryCode.objects.exclude(code="").values_list(
                "dictionary__oid", "code", "name"
            )
        }
        assert known == {
            ("1.2.643.5.1.13.13.11.1002", "109"): "врач-терапевт",
            ("1.2.643.5.1.13.13.99.2.245", "1"): "Полис ОМС старого образца",
            ("1.2.643.5.1.13.13.99.2.245", "2"): "Временное свидетельство",
            ("1.2.643.5.1.13.13.99.2.245", "3"): "Полис ОМС единого образца",
            ("F011", "14"): "Паспорт гражданина Российской Федерации",
            ("F011", "3"): "Свидетельство о рождении",
            ("1.2.643.5.1.13.13.99.2.48", "1"): "Паспорт гражданина Российской Федерации",
            ("1.2.643.5.1.13.13.99.2.48", "6"): "Свидетельство о рождении",
        }
        assert not Dictionary.objects.filter(source="").exists()

    def test_says_what_came_of_it(self, file):
        out = StringIO()
        call_command("load_nsi", str(file({"code": "1"})), stdout=out)
        assert (
            out.getvalue() == "codes.csv: 1 new, 0 changed, 0 as they were, 0 no longer in it, 0 headings left aside\n"
        )

    def test_columns_of_its_own(self, file):
        path = file({"K": "I10", "N": "гипертензия"}, columns=("K", "N"), usual=False)
        options = {"oid": nsi.ICD10, "source": "портал", "date": "2026-02-01", "code_column": "K", "name_column": "N"}
        call_command("load_nsi", str(path), dictionary_version="2.27", stdout=StringIO(), **options)
        assert codes(nsi.ICD10) == {("I10", "гипертензия", "2.27", True)}

    def test_half_a_description_is_refused(self, file):
        with pytest.raises(CommandError, match="--code-column"):
            call_command("load_nsi", str(file({"code": "1"})), oid="1.2.3")

    def test_errors_are_shown(self, file, tmp_path):
        with pytest.raises(CommandError, match="2026-01-31"):
            call_command("load_nsi", str(file({"code": "1", "date": "?"})))
        with pytest.raises(CommandError, match=r"none\.csv"):
            call_command("load_nsi", str(tmp_path / "none.csv"))


class TestOffering:
    @pytest.fixture(autouse=True)
    def _diagnoses(self, file):
        rows = [("I10", "Эссенциальная гипертензия"), ("I11.9", "Гипертензивная болезнь сердца"), ("J06.9", "ОРВИ")]
        load(file(*({"oid": nsi.ICD10, "code": code, "name": name} for code, name in rows)))

    @pytest.mark.parametrize(
        ("text", "spellings", "found"),
        [
            ("I1", ["I1"], ["I10", "I11.9"]),
            ("гипертенз", [], ["I10", "I11.9"]),
            ("СЕРДЦА болезнь", [], ["I11.9"]),
            ("", [], ["I10", "I11.9", "J06.9"]),
            ("нет такой", ["Н"], []),
        ],
    )
    def test_by_code_or_words(self, text, spellings, found):
        offered = DictionaryCode.objects.of(nsi.ICD10).in_force().offered_for(text, spellings)
        assert [code.code for code in offered] == found


class TestPromises:
    """Each constraint, and somebody who tries to break it."""

    @pytest.fixture
    def kept(self):
        return Dictionary.objects.create(oid="1.2.3", source="x", checked_on=NOW.date(), loaded_at=NOW, loaded_by="x")

    def refused(self, name, make):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            make()

    def test_dictionaries(self, kept):
        fields = {"source": "x", "checked_on": NOW.date(), "loaded_at": NOW, "loaded_by": "x"}
        self.refused("dictionary_has_oid", lambda: Dictionary.objects.create(oid="", **fields))
        self.refused("oid", lambda: Dictionary.objects.create(oid="1.2.3", **fields))

    def test_codes(self, kept):
        DictionaryCode.objects.create(dictionary=kept, code="1", name="а")
        DictionaryCode.objects.create(dictionary=kept, code="", name="а")
        for name, fields in (
            ("dictionary_code_once", {"code": "1", "name": "б"}),
            ("dictionary_name_without_code_once", {"code": "", "name": "а"}),
            ("dictionary_code_has_name", {"code": "2", "name": ""}),
        ):
            self.refused(name, lambda fields=fields: DictionaryCode.objects.create(dictionary=kept, **fields))

    def test_mappings(self):
        whole = {"region": "Н", "kind": "document", "region_code": "1", "oid": "F011", "code": "14"}
        CodeMapping.objects.create(**whole)
        for name, change in (
            ("region_code_means_one_of_a_dictionary", {"code": "3"}),
            ("code_is_told_by_one_of_a_region", {"region_code": "2"}),
            ("code_mapping_is_whole", {"region": ""}),
            ("code_mapping_kind_known", {"kind": "colour"}),
        ):
            self.refused(name, lambda change=change: CodeMapping.objects.create(**whole | change))
        CodeMapping.objects.create(**whole | {"oid": nsi.DOCUMENT_KINDS, "code": "1"})
        CodeMapping.objects.create(**whole | {"kind": "polis"})


@pytest.mark.django_db(transaction=True)
def test_a_second_load_waits_for_the_first(file):
    """Without the lock each would take the other's codes for gone."""
    with transaction.atomic():
        load(file({"code": "1"}))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT mode FROM pg_locks WHERE relation = 'lmis_dictionary'::regclass AND pid = pg_backend_pid()"
            )
            assert ("ShareRowExclusiveLock",) in cursor.fetchall()
