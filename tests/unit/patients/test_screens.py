"""The screens of cards: finding, merging, importing, exporting; what they may show, and to whom."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from lmis.models import AccessRecord
from patients.models import CardImport, LikelyDuplicate, Patient
from patients.services import exporting, likely_pairs
from patients.services.importing import steps
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


def an_employee(client, *rights):
    user = User.objects.create(username="olga", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return user


@pytest.fixture
def olga(client):
    return an_employee(client, "view_patient", "merge_cards", "import_cards", "export_cards")


@pytest.fixture(autouse=True)
def _own_transactions(monkeypatch):
    monkeypatch.setattr(steps, "run_write", lambda work: work())


def text_of(response):
    return response.content.decode()


def seen(what):
    return set(AccessRecord.objects.filter(what=what).values_list("card", flat=True))


class TestFinding:
    def test_what_is_typed_comes_by_post_and_is_written_down(self, client, olga, card):
        response = client.post(reverse("screens:patients"), {"text": "`krbyf"})
        assert "Ёлкина Анна Петровна" in text_of(response)
        assert card.told_apart in text_of(response)
        assert response["Cache-Control"] == "no-store" or "no-store" in response["Cache-Control"]
        assert seen("found") == {card.guid}

    def test_an_address_asks_for_nothing(self, client, olga, card):
        assert "Ёлкина" not in text_of(client.get(reverse("screens:patients"), {"text": "Ёлкина"}))

    def test_few_statements(self, client, olga, lpu):
        for _ in range(5):
            a_card(lpu)
        with statements() as made:
            client.post(reverse("screens:patients"), {"text": "Ёлкина"})
        # session, user, rights of the user and of groups, own LPUs, the cards, the access log, texts of the bar
        assert len(made) <= 12, listed(made)


class TestMerging:
    @pytest.fixture
    def pair(self, lpu, card):
        a_card(lpu, phone="", address="Другая улица")
        likely_pairs.look(now=timezone.now())
        return LikelyDuplicate.objects.get()

    def address(self, pair, **more):
        return reverse("screens:merge_pair") + f"?cards={pair.one_id}&cards={pair.other_id}" + more.get("more", "")

    def test_the_list(self, client, olga, pair):
        page = text_of(client.get(reverse("screens:merge")))
        assert pair.one.card_number in page
        assert pair.other.told_apart in page
        assert seen("found") == {pair.one.guid, pair.other.guid}

    def test_side_by_side(self, client, olga, pair):
        response = client.get(self.address(pair))
        assert response.context["into"] == pair.one
        assert {row.label for row in response.context["fields"] if row.differs} >= {
            Patient._meta.get_field("address").verbose_name
        }
        other = client.get(self.address(pair, more=f"&into={pair.other_id}"))
        assert other.context["into"] == pair.other
        assert other.context["plan"].filled["phone"] == pair.one.phone
        assert seen("opened") == {pair.one.guid, pair.other.guid}

    def test_two_who_look_like_strangers_are_warned_of(self, client, olga, lpu, card, pair):
        stranger = a_card(lpu, family="Другая", name="Ольга")
        page = client.get(reverse("screens:merge_pair"), {"cards": [card.pk, stranger.pk]})
        assert page.context["strangers"]
        assert not client.get(self.address(pair)).context["strangers"]

    def test_merging(self, client, olga, pair):
        response = client.post(self.address(pair), {"into": pair.one_id, "duplicate": pair.other_id})
        assert response.status_code == 302
        pair.other.refresh_from_db()
        assert pair.other.merged_into_id == pair.one_id
        assert list(client.get(reverse("screens:merge")).context["pairs"]) == []

    def test_a_second_time_it_is_refused_in_words(self, client, olga, pair):
        data = {"into": pair.one_id, "duplicate": pair.other_id}
        client.post(self.address(pair), data)
        response = client.post(self.address(pair), data)
        assert response.status_code == 409
        assert pair.other.card_number in response.context["refusal"]

    def test_different_persons(self, client, olga, pair):
        client.post(reverse("screens:merge_different", args=[pair.pk]))
        pair.refresh_from_db()
        assert (pair.state, pair.decided_by) == ("different", "olga")

    def test_looking_now_and_by_hand(self, client, olga, lpu, card):
        other = a_card(lpu)
        client.post(reverse("screens:merge_look"))
        assert LikelyDuplicate.objects.count() == 1
        found = client.post(reverse("screens:merge_find"), {"text": "ёлкина"}).context["cards"]
        assert set(found) == {card, other}

    @pytest.mark.parametrize("query", ["", "?cards=1", "?cards=x&cards=y", "?cards=1&cards=1", "?cards=1&cards=²"])
    def test_no_such_pair(self, client, olga, query):
        assert client.get(reverse("screens:merge_pair") + query).status_code == 404

    def test_cards_of_an_lpu_that_is_not_ours(self, client, olga):
        lpu = an_lpu(own=False)
        cards = [a_card(lpu) for _ in range(2)]
        assert client.get(reverse("screens:merge_pair"), {"cards": [c.pk for c in cards]}).status_code == 404


class TestImporting:
    FILE = "Фамилия;Имя;Дата рождения\r\nНовикова;Ольга;01.02.1990\r\nПлохая;Анна;31.02.1990\r\n"

    def upload(self, client, lpu):
        file = SimpleUploadedFile("cards.csv", self.FILE.encode("cp1251"))
        response = client.post(reverse("screens:imports"), {"file": file, "lpu": lpu.pk})
        assert response.status_code == 302
        return CardImport.objects.get()

    def work(self, made):
        steps.work(import_id=made.pk, until=timezone.now() + timezone.timedelta(minutes=1))
        made.refresh_from_db()
        return made

    def test_from_the_file_to_the_cards(self, client, olga, lpu):
        made = self.upload(client, lpu)
        page = reverse("screens:import", args=[made.pk])
        assert "every 1s" in text_of(client.get(page))
        self.work(made)
        shown = client.get(page)
        assert [column["field"] for column in shown.context["columns"]] == ["family", "name", "birth_date"]
        data = {"field": ["family", "name", "birth_date"], "overwrite": "0"}
        client.post(reverse("screens:import_act", args=[made.pk, "match"]), data)
        self.work(made)
        assert client.get(page).context["to_write"] == 1
        rows = text_of(client.get(reverse("screens:import_rows", args=[made.pk]), {"fate": "error"}))
        assert "31.02.1990" in rows
        assert not Patient.objects.exists()
        client.post(reverse("screens:import_act", args=[made.pk, "confirm"]))
        assert self.work(made).state == "done"
        assert Patient.objects.get().family == "Новикова"

    def test_progress_says_nothing_when_nothing_changed(self, client, olga, lpu):
        made = self.upload(client, lpu)
        address = reverse("screens:import_progress", args=[made.pk])
        first = client.get(address, headers={"HX-Request": "true"})
        assert client.get(address, {"since": first.context["since"]}).status_code == 204
        self.work(made)
        assert client.get(address, {"since": first.context["since"]}).status_code == 200

    def test_a_step_at_the_wrong_time_changes_nothing(self, client, olga, lpu):
        made = self.upload(client, lpu)
        client.post(reverse("screens:import_act", args=[made.pk, "confirm"]))
        made.refresh_from_db()
        assert made.state == "reading"
        assert client.post(reverse("screens:import_act", args=[made.pk, "nonsense"])).status_code == 404

    def test_no_file(self, client, olga, lpu):
        assert client.post(reverse("screens:imports"), {"lpu": lpu.pk}).status_code == 400
        assert not CardImport.objects.exists()

    def test_of_another_lpu(self, client, olga, lpu):
        made = self.upload(client, lpu)
        type(lpu).objects.update(is_own=False)
        assert client.get(reverse("screens:import", args=[made.pk])).status_code == 404


class TestExporting:
    def test_csv_with_formulas_defused_comes_back_by_an_import(self, client, olga, lpu):
        card = a_card(lpu, family="=cmd|x", phone="+7 900 000-00-00", district="12")
        a_card(lpu, state="withdrawn")
        response = client.post(reverse("screens:export"), {"kind": "csv"})
        body = b"".join(response.streaming_content).decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(body), delimiter=";")
        assert list(row.values())[1] == "'=cmd|x"
        assert "'+7 900 000-00-00" in row.values()
        assert exporting.unquoted(["'+7", "'тихо", "x"]) == ["+7", "'тихо", "x"]
        assert seen("exported") == {card.guid}

    def test_xlsx_of_one_district(self, client, olga, lpu):
        card = a_card(lpu, family="=1+1", district="12")
        a_card(lpu, district="7")
        response = client.post(reverse("screens:export"), {"kind": "xlsx", "district": "12"})
        sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
        rows = list(sheet.iter_rows(values_only=True))
        assert [row[1] for row in rows[1:]] == ["'=1+1"]
        assert seen("exported") == {card.guid}

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_a_card_with_control_characters_breaks_no_file(self, client, olga, lpu, kind):
        every = "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF]))
        a_card(lpu, family=f"Ёлкина{every}", name="\x01=cmd()", address="Москва\nул. Мира")
        response = client.post(reverse("screens:export"), {"kind": kind})
        body = b"".join(response.streaming_content)
        if kind == "xlsx":
            rows = list(load_workbook(io.BytesIO(body)).worksheets[0].iter_rows(values_only=True))
        else:
            rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
        told = dict(zip(exporting.COLUMNS, rows[1], strict=True))
        assert (told["family"].strip(), told["name"], told["address"]) == ("Ёлкина", "'=cmd()", "Москва\nул. Мира")

    def test_in_pages(self, olga, lpu, monkeypatch):
        from lmis.actors import Actor

        monkeypatch.setattr(exporting, "PAGE", 2)
        for _ in range(5):
            a_card(lpu)
        pieces = list(exporting.as_csv(chosen=exporting.Chosen(lpus=[lpu]), by=Actor.of_user(olga)))
        assert len(pieces) == 4
        assert AccessRecord.objects.count() == 5

    def test_too_many_for_a_workbook(self, client, olga, lpu, monkeypatch):
        monkeypatch.setattr(exporting, "MOST_IN_A_WORKBOOK", 1)
        for _ in range(2):
            a_card(lpu)
        assert client.post(reverse("screens:export"), {"kind": "xlsx"}).status_code == 400
        assert not AccessRecord.objects.exists()

    def test_the_header_is_known_to_an_import(self):
        from django.utils import translation

        from patients.services.importing.columns import guess

        with translation.override("en"):
            known = dict(zip(exporting.COLUMNS, guess(exporting.header()), strict=True))
        assert {field for field, guessed in known.items() if field != guessed} == set()


@pytest.mark.parametrize(
    ("name", "args", "right"),
    [
        ("patients", [], "view_patient"),
        ("merge", [], "merge_cards"),
        ("merge_pair", [], "merge_cards"),
        ("imports", [], "import_cards"),
        ("import", [1], "import_cards"),
        ("import_progress", [1], "import_cards"),
        ("import_rows", [1], "import_cards"),
        ("export", [], "export_cards"),
    ],
)
def test_without_the_right_nothing_is_shown(client, lpu, name, args, right):
    others = {"view_patient", "merge_cards", "import_cards", "export_cards"} - {right}
    an_employee(client, *others)
    assert client.get(reverse(f"screens:{name}", args=args)).status_code == 403


@pytest.mark.parametrize(
    ("name", "args"),
    [("merge_look", []), ("merge_find", []), ("merge_different", [1]), ("import_act", [1, "confirm"]), ("export", [])],
)
def test_without_the_right_nothing_is_done(client, lpu, name, args):
    an_employee(client, "view_patient")
    assert client.post(reverse(f"screens:{name}", args=args)).status_code == 403
