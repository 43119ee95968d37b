"""Import of cards: read, matched, checked, shown, and only then written; killed anywhere it goes on."""

import datetime as dt
import io

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone
from openpyxl import Workbook

from lmis.actors import Actor
from lmis.text import number_key
from patients import tasks
from patients.models import CardImport, CardImportChunk, CardImportRow, CardUpload, Patient
from patients.services.importing import columns, hints, imports, reading, steps
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card, a_snils, spellings

pytestmark = pytest.mark.django_db
HEADER = "Фамилия;Имя;Отчество;Дата рождения;Пол;СНИЛС;Полис;Телефон;Участок"
NOW = timezone.now()


@pytest.fixture
def by():
    return Actor.of_user(User.objects.create(username="olga"))


@pytest.fixture(autouse=True)
def _own_transactions(monkeypatch):
    """Each step is a transaction of its own; within a test's, a plain one."""
    monkeypatch.setattr(steps, "run_write", lambda work: work())


def a_file(*lines, encoding="utf-8", header=HEADER):
    return "\r\n".join([header, *lines]).encode(encoding)


def a_workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def uploaded(data, lpu, by, size=100):
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return imports.upload(pieces=pieces, file_name="cards.csv", lpu=lpu, by=by)


def work(made):
    steps.work(import_id=made.pk, until=timezone.now() + dt.timedelta(minutes=5))
    made.refresh_from_db()
    return made


def checked(data, lpu, by, overwrite=False):
    made = work(uploaded(data, lpu, by))
    assert made.state == "mapping", made.error
    return work(imports.match(card_import=made, mapping=made.mapping, overwrite=overwrite, by=by))


def written(made, by):
    imports.confirm(card_import=made, by=by)
    return work(made)


def fates(made):
    return [(row.fate, row.card_id) for row in made.rows.all()]


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
    @pytest.mark.parametrize("separator", [";", ",", "\t"])
    def test_encodings_and_separators(self, tmp_path, encoding, separator):
        path = tmp_path / "file"
        path.write_text(f"Фамилия{separator}Имя\r\nЁлкина{separator} Анна \r\n\r\n", encoding=encoding, newline="")
        assert list(reading.rows_of(path)) == [["Фамилия", "Имя"], ["Ёлкина", "Анна"], []]

    def test_a_workbook_with_days_and_numbers(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(a_workbook(["Фамилия", "Дата", "Полис"], ["Ёлкина", dt.date(1980, 2, 29), 123.0], [None]))
        assert list(reading.rows_of(path)) == [["Фамилия", "Дата", "Полис"], ["Ёлкина", "29.02.1980", "123"], []]

    def test_without_control_characters(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes("Фамилия;Имя\r\nЁл\x01кина\x7f;Анна\x0bМария\x85\r\n".encode())
        assert list(reading.rows_of(path)) == [["Фамилия", "Имя"], ["Ёлкина", "Анна Мария"]]

    @pytest.mark.parametrize("separator", [";", ",", "\t"])
    def test_a_title_above_the_headings_is_no_heading(self, lpu, by, separator):
        title = "Прикреплённые | участки 1, 2, 3 и 4; на 01.11.2026"
        header, row = ['"ФИО"', "Д.р.", "Полис ОМС"], ["Ёлкина Анна", "29.02.1980", '"г. А; д. 1, кв. 2 | 3"']
        made = work(uploaded(a_file("", separator.join(header), separator.join(row), header=title), lpu, by))
        assert made.header == ["ФИО", "Д.р.", "Полис ОМС"]
        assert [(one.line, one.cells[:2]) for one in made.rows.all()] == [(4, ["Ёлкина Анна", "29.02.1980"])]

    def test_a_title_of_a_workbook_is_no_heading(self, lpu, by):
        rows = [["Пациент"], [], [None, "отделение", "Терапия"], ["№", "Фамилия", "Имя"], [1, "Ёлкина", "Анна"]]
        made = work(uploaded(a_workbook(*rows), lpu, by))
        assert (made.header, [one.line for one in made.rows.all()]) == (["№", "Фамилия", "Имя"], [5])

    def test_headings_that_nobody_knows_are_the_first_row(self, lpu, by):
        made = work(uploaded(a_file("Ёлкина,1;Анна", header="wer;was"), lpu, by))
        assert (made.header, [one.line for one in made.rows.all()]) == (["wer", "was"], [2])

    @pytest.mark.parametrize("data", [b"PK\x03\x04 broken", b"\xff\xfe\x00", b"", b"\r\n\r\n"])
    def test_what_cannot_be_read_fails_the_import(self, lpu, by, data):
        made = work(uploaded(data, lpu, by))
        assert (made.state, bool(made.error)) == ("failed", True)
        assert not CardImportChunk.objects.exists()

    def test_pieces_are_put_together_and_then_gone(self, lpu, by):
        made = work(uploaded(a_file("Ёлкина;Анна"), lpu, by, size=7))
        assert (made.state, made.total, made.header[0]) == ("mapping", 1, "Фамилия")
        assert not CardImportChunk.objects.exists()

    def test_a_worker_that_was_killed_in_the_middle_is_followed_by_another(self, lpu, by, monkeypatch):
        monkeypatch.setattr(steps, "READ_AT_ONCE", 2)
        made = uploaded(a_file(*(f"Ёлкина{n};Анна" for n in range(5))), lpu, by)
        copy, calls = steps._copy, []

        def killed(*args):
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return copy(*args)

        monkeypatch.setattr(steps, "_copy", killed)
        with pytest.raises(KeyboardInterrupt):
            work(made)
        made.refresh_from_db()
        assert (made.state, made.total) == ("reading", 2)
        assert work(made).state == "mapping"
        assert [row.line for row in made.rows.all()] == [2, 3, 4, 5, 6]

    def test_one_who_was_taken_for_dead_stages_nothing_twice(self, lpu, by):
        made = uploaded(a_file("Ёлкина"), lpu, by)
        assert steps._copy(made.pk, 0, [(2, ["Ёлкина"])])
        assert not steps._copy(made.pk, 0, [(2, ["Ёлкина"])])
        assert made.rows.count() == 1


class TestColumns:
    def test_headings_are_guessed(self):
        header = ["№", "ФАМИЛИЯ", "Дата рождения ", "Номер полиса ОМС", "Тел.", "СНИЛС", "Телефон"]
        assert columns.guess(header) == ["", "family", "birth_date", "polis_number", "phone", "snils", ""]

    def test_every_field_has_a_label_and_is_a_column(self):
        assert all(columns.label_of(field) for field in columns.FIELDS)

    def test_a_full_name_is_divided(self):
        assert columns.read_row(["Ёлкина Анна Петровна кызы"], ["full_name"]) == {
            "family": "Ёлкина",
            "name": "Анна",
            "patronymic": "Петровна кызы",
        }

    @pytest.mark.parametrize(
        ("field", "cell"), [("birth_date", "31.02.1980"), ("birth_date", "1980"), ("sex", "да"), ("family", "я" * 101)]
    )
    def test_a_bad_cell_says_what_it_is(self, field, cell):
        with pytest.raises(columns.BadCell):
            columns.read_row([cell, "Ёлкина"], [field, "family" if field != "family" else ""])


class TestMatching:
    @pytest.mark.parametrize("mapping", [["name"], ["family", "family"], ["", ""], ["family", "state"]])
    def test_columns_that_make_no_sense_are_refused(self, lpu, by, mapping):
        made = work(uploaded(a_file("Ёлкина;Анна", header="Фамилия;Имя"), lpu, by))
        with pytest.raises(imports.NoSurname):
            imports.match(card_import=made, mapping=mapping, overwrite=False, by=by)
        made.refresh_from_db()
        assert made.state == "mapping"


class TestFates:
    def test_every_row_has_one_and_nothing_is_written(self, lpu, by):
        known = a_card(lpu, phone="", patronymic="")
        other = a_card(lpu, family="Сидорова")
        same = a_card(lpu, family="Прежняя", polis_number="7799999999999999")
        made = checked(
            a_file(
                "Новикова;Ольга;;01.02.1990;ж",
                f"Ёлкина;Анна;;29.02.1980;ж;;{known.polis_number};+7 900 1234567",
                f"Прежняя;Анна;;;;;{same.polis_number}",
                f"Ёлкина;Анна;;;;;{other.polis_number}",
                "Ошибкина;;;31.02.1990",
                "Новикова;Ольга;;01.02.1990",
                "Плохая;;;;;123",
            ),
            lpu,
            by,
        )
        assert made.state == "checked"
        assert fates(made) == [
            ("new", None),
            ("update", known.pk),
            ("same", same.pk),
            ("ambiguous", None),
            ("error", None),
            ("error", None),
            ("error", None),
        ]
        reasons = [row.reason for row in made.rows.all()]
        assert other.card_number in reasons[3]
        assert "31.02.1990" in reasons[4]
        assert "2" in reasons[5]
        assert imports.fates_of(made) == {"new": 1, "update": 1, "same": 1, "ambiguous": 1, "error": 3}
        assert Patient.objects.count() == 3

    def test_by_names_and_birth_date(self, lpu, by, card):
        assert fates(checked(a_file("елкина;АННА;Петровна;29.02.1980;ж;;;1"), lpu, by)) == [("same", card.pk)]

    def test_by_snils_and_by_card_number(self, lpu, by):
        snils = a_snils()
        one, two = a_card(lpu, snils=snils), a_card(lpu, card_number="A-7")
        data = a_file(f"Ёлкина;{snils};", "Ёлкина;;A-7", "Чужая;;A-7", header="Фамилия;СНИЛС;Номер карты")
        assert fates(checked(data, lpu, by)) == [("same", one.pk), ("same", two.pk), ("ambiguous", None)]

    @pytest.mark.parametrize("column", ["Полис", "Номер документа"])
    def test_a_number_spelled_otherwise_is_the_same(self, lpu, by, column):
        number = "1111000011110000"
        card = a_card(lpu, polis_number=number, document_number=number, document_series="")
        rows = [f"Ёлкина;{spelled}" for spelled in spellings(number)]
        made = checked(a_file(*rows, header=f"Фамилия;{column}"), lpu, by)
        assert {row.card_id for row in made.rows.exclude(fate="error")} == {card.pk}
        told = {columns.read_row(row.cells, made.mapping)[made.mapping[1]] for row in made.rows.all()}
        assert {number_key(each) for each in told} == {number}

    def test_a_merged_card_means_its_survivor(self, lpu, by, card):
        old = a_card(lpu, polis_number="7788888888888888")
        Patient.objects.filter(pk=old.pk).update(state="merged", merged_into=card)
        assert fates(checked(a_file(f"Ёлкина;Анна;;;;;{old.polis_number}"), lpu, by))[0] == ("same", card.pk)

    def test_cards_of_another_lpu_do_not_count(self, lpu, by, card):
        other = an_lpu()
        assert fates(checked(a_file(f"Ёлкина;Анна;;;;;{card.polis_number}"), other, by)) == [("new", None)]

    def test_the_columns_may_be_matched_again(self, lpu, by):
        made = checked(a_file("Ёлкина;Анна;;31.02.1980"), lpu, by)
        assert fates(made) == [("error", None)]
        mapping = ["family", "name", *[""] * 7]
        assert fates(work(imports.match(card_import=made, mapping=mapping, overwrite=False, by=by))) == [("new", None)]


class TestWriting:
    def test_new_cards_and_blanks(self, lpu, by):
        known = a_card(lpu, phone="", district="")
        CardUpload.objects.update(state="accepted")
        made = checked(
            a_file(
                f"Ёлкина;Анна;Другая;29.02.1980;ж;;{known.polis_number};+7 900 1234567;12",
                f"Ёлкина;Анна;;29.02.1980;ж;;{known.polis_number};+7 900 1234567;12",
                "Новикова;Ольга;Ивановна;01.02.1990;ж;;7700000000000016;8 900 0000000;7",
            ),
            lpu,
            by,
        )
        assert [fate for fate, _card in fates(made)] == ["ambiguous", "error", "new"]
        made = checked(
            a_file(
                f"Ёлкина;Анна;;29.02.1980;ж;;{known.polis_number};+7 900 1234567;12",
                "Новикова;Ольга;Ивановна;01.02.1990;ж;;7700000000000016;8 900 0000000;7",
            ),
            lpu,
            by,
        )
        assert written(made, by).state == "done"
        known.refresh_from_db()
        assert (known.phone, known.district, known.changed_by) == ("+7 900 1234567", "12", "olga")
        new = Patient.objects.get(family="Новикова")
        assert (new.lpu, new.birth_date, new.sex, new.district) == (lpu, dt.date(1990, 2, 1), "F", "7")
        assert (new.created_by, new.upload.state) == ("olga", "waiting")
        assert LogEntry.objects.get_for_object(new).get().actor == by.user
        assert made.rows.get(line=3).card == new
        assert made.written == 2

    def test_a_second_time_nothing_is_left_to_do(self, lpu, by):
        data = a_file("Новикова;Ольга;Ивановна;01.02.1990;ж;;7700000000000016")
        written(checked(data, lpu, by), by)
        assert [fate for fate, _card in fates(checked(data, lpu, by))] == ["same"]
        assert Patient.objects.count() == 1

    def test_replacing(self, lpu, by, card):
        made = checked(a_file(f"Ёлкина;Анна;;;;;{card.polis_number};+7 900 1234567"), lpu, by, overwrite=True)
        written(made, by)
        card.refresh_from_db()
        assert card.phone == "+7 900 1234567"

    def test_what_has_changed_since_the_check_is_not_written(self, lpu, by):
        made = checked(a_file("Новикова;Ольга;;;;;7700000000000016"), lpu, by)
        a_card(lpu, family="Чужая", polis_number="7700000000000016")
        written(made, by)
        assert [fate for fate, _card in fates(made)] == ["ambiguous"]
        assert made.rows.get().reason
        assert not Patient.objects.filter(family="Новикова").exists()

    def test_a_worker_that_was_killed_between_two_batches_is_followed_by_another(self, lpu, by, monkeypatch):
        monkeypatch.setattr(steps, "WRITE_AT_ONCE", 2)
        made = checked(a_file(*(f"Новикова;Ольга;;{n:02d}.02.1990" for n in range(1, 6))), lpu, by)
        imports.confirm(card_import=made, by=by)
        assert steps._write_some(made.pk)
        assert Patient.objects.count() == 2
        assert work(made).state == "done"
        assert (Patient.objects.count(), made.written) == (5, 5)

    def test_a_cancelled_one_stops_and_what_is_written_stays(self, lpu, by, monkeypatch):
        monkeypatch.setattr(steps, "WRITE_AT_ONCE", 2)
        made = checked(a_file(*(f"Новикова;Ольга;;{n:02d}.02.1990" for n in range(1, 6))), lpu, by)
        imports.confirm(card_import=made, by=by)
        steps._write_some(made.pk)
        imports.cancel(card_import=made, by=by, now=NOW)
        assert work(made).state == "cancelled"
        assert Patient.objects.count() == 2
        with pytest.raises(imports.NotNow):
            imports.confirm(card_import=made, by=by)


class TestHints:
    def test_told_once_until_it_is_taken_back_or_grows_old(self, lpu, by):
        made = uploaded(a_file("Ёлкина"), lpu, by)
        assert hints.hand_out(now=NOW) == [made.pk]
        assert hints.hand_out(now=NOW) == []
        hints.take_back(ids=[made.pk])
        assert hints.hand_out(now=NOW) == [made.pk]
        assert hints.hand_out(now=NOW + hints.GOOD_FOR) == [made.pk]

    def test_a_turn_ends_in_time_and_the_next_sweep_gives_it_again(self, lpu, by, monkeypatch):
        made = work(uploaded(a_file("Ёлкина"), lpu, by))
        imports.match(card_import=made, mapping=made.mapping, overwrite=False, by=by)
        assert hints.hand_out(now=NOW) == [made.pk]
        monkeypatch.setattr(hints, "TURN", dt.timedelta())
        tasks.work_on_import(import_id=made.pk)
        made.refresh_from_db()
        assert (made.state, made.told_at) == ("checking", None)
        monkeypatch.setattr(hints, "TURN", dt.timedelta(minutes=5))
        tasks.work_on_import(import_id=made.pk)
        made.refresh_from_db()
        assert made.state == "checked"

    def test_one_that_is_gone_is_no_error(self, db):
        tasks.work_on_import(import_id=404)

    def test_nothing_to_tell_while_people_have_to_decide(self, lpu, by):
        work(uploaded(a_file("Ёлкина"), lpu, by))
        assert hints.hand_out(now=NOW) == []

    def test_old_ones_are_deleted_with_what_they_say_of_people(self, lpu, by):
        made = checked(a_file("Ёлкина"), lpu, by)
        imports.cancel(card_import=made, by=by, now=NOW)
        assert imports.prune(now=NOW) == 0
        assert imports.prune(now=NOW + dt.timedelta(days=31)) == 1
        assert not CardImport.objects.exists()
        assert not CardImportRow.objects.exists()
