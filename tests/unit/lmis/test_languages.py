"""Russian unless English is asked for: the catalogue is whole, and the API and the staff's site speak it."""

import ast
import datetime as dt
import itertools
import re
from html.parser import HTMLParser

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from appointments.exceptions import SlotTaken
from appointments.models import Appointment, ScheduleException, Slot
from directions.models import Direction
from lmis import translations
from lmis.actors import SYSTEM
from lmis.exceptions import REGISTRY
from lmis.models import (
    Doctor,
    Lpu,
)
from lmis.services.groups import GROUPS
from lmis.services.journal_words import who_did
from lmis.translations import extraction, packages
from tests.factories import cast, world
from tests.factories.staff import an_employee, page
from tests.unit.lmis import test_rights as screens

CATALOGUE = translations.LOCALE / "ru" / "LC_MESSAGES" / "django.po"
RENEW = "run `make messages`, then translate what is new in locale/ru/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*(?::\w+)?\}|</?[a-z]+[^>]*>")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
CYRILLIC = re.compile("[А-Яа-яЁё]")
CYRILLIC_WORD = re.compile("[А-Яа-яЁё]{2,}")


def catalogue():
    return [message for message in translations.read(CATALOGUE) if message.id]


def forms_of(message):
    """Its translations: one, or one for each plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text):
    return set(PLACEHOLDER.findall(text))


class TestCatalogue:
    def test_is_in_step_with_the_sources(self, tmp_path, monkeypatch):
        renewed = tmp_path / "ru" / "LC_MESSAGES" / "django.po"
        renewed.parent.mkdir(parents=True)
        renewed.write_bytes(CATALOGUE.read_bytes())
        monkeypatch.setattr(translations, "LOCALE", tmp_path)
        translations.gather()
        known, wanted = (
            {(message.context, str(message.id)) for message in translations.read(path) if message.id}
            for path in (CATALOGUE, renewed)
        )
        assert not wanted - known, f"not in the catalogue: {RENEW}"
        assert not known - wanted, f"in no source any more: {RENEW}"

    def test_every_text_has_its_russian(self):
        plurals = translations.read(CATALOGUE).num_plurals
        assert plurals == 3
        for message in catalogue():
            texts = forms_of(message)
            assert all(text.strip() for text in texts), f"{message.id!r} is not translated: {RENEW}"
            assert not message.fuzzy, message.id
            assert len(texts) == (plurals if message.pluralizable else 1), message.id

    def test_placeholders_and_tags_are_those_of_the_english_text(self):
        for message in catalogue():
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            for text in forms_of(message):
                assert placeholders(text) == placeholders(ids[-1]), message.id

    def test_russian_is_russian(self):
        english = {str(message.id) for message in catalogue() if not any(map(CYRILLIC.search, forms_of(message)))}
        assert english == {"OID", "guid", "Guid", "beat", "%(first)s – %(last)s"}

    def test_every_name_under_which_code_translates_is_looked_for(self):
        for path in own_code():
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                    names = {alias.asname or alias.name for alias in node.names if "gettext" in alias.name}
                    assert names <= set(extraction.KEYWORDS), f"{path}: add {names} to KEYWORDS"


def own_code():
    return [
        path
        for source in translations.SOURCES
        for path in (translations.ROOT / source).rglob("*.py")
        if "migrations" not in path.parts
    ]


class TestPackages:
    """What Django itself would say, with all catalogues that it has loaded."""

    @pytest.mark.parametrize("package", packages.BORROWED)
    def test_no_text_of_the_package_stays_english(self, package):
        paths = packages.files(packages.folder(package), packages.BORROWED[package])
        texts = [text for path in paths for text in extraction.texts_of(path)]
        assert len(texts) > 10
        with translation.override("ru"):
            english = {message for _line, message, _comments, context in texts if stays_english(message, context)}
        assert not english, RENEW

    def test_installed_parts_of_unfold_are_all_looked_at(self, settings):
        parts = {name.removeprefix("unfold.contrib.") for name in settings.INSTALLED_APPS if "unfold.contrib." in name}
        looked_at = {pattern.split("/")[1] for pattern in packages.BORROWED["unfold"] if "contrib/" in pattern}
        assert looked_at == parts

    @pytest.mark.parametrize(
        ("package", "text"), [(package, text) for package, texts in packages.REWORDED.items() for text in texts]
    )
    def test_a_package_has_what_we_reword_and_says_it_as_we_do(self, package, text):
        theirs = packages.known_of("ru", packages.folder(package)).gettext(text)
        assert theirs != text, "It no longer says this: drop it"
        with translation.override("ru"):
            assert gettext(text) != theirs


def stays_english(message, context):
    if isinstance(message, str):
        said = pgettext(context, message) if context else gettext(message)
    else:
        said = ngettext(*message[:2], 5)
    return LATIN_WORD.search(PLACEHOLDER.sub("", said)) and not CYRILLIC.search(said)


class TestApi:
    def test_a_taken_place_is_told_in_the_contracts_own_words(self):
        with translation.override("ru"):
            assert str(SlotTaken.message) == "Талон уже занят"

    @pytest.mark.parametrize("code", REGISTRY)
    def test_every_refusal_speaks_both_languages(self, code):
        message = REGISTRY[code].message
        with translation.override("ru"):
            assert CYRILLIC.search(str(message)), message
        with translation.override("en"):
            assert not CYRILLIC.search(str(message)), message

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("asked", "message"),
        [({}, "Врач не найден"), ({"HTTP_ACCEPT_LANGUAGE": "en"}, "There is no such doctor.")],
    )
    def test_russian_unless_english_is_asked_for(self, asked, message):
        url = "/api/resources/2d793f84-26c9-496d-bd64-745095eb1f80"
        answer = cast.Region().http(**asked).get(url).json()
        assert (answer["message_code"], answer["message"]) == ("resource_not_found", message)

    @pytest.mark.django_db
    def test_what_is_wrong_with_a_field_is_told_in_russian(self):
        answer = cast.Region().http().post("/api/dir/appointments", {"slot": "no guid"}, format="json").json()
        assert answer["message_code"] == "validation_error"
        assert answer["errors"]
        for error in answer["errors"]:
            assert CYRILLIC.search(error["message"]), error

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("url", "body", "message"),
        [
            ("/api/dir/appointments", {"patient": []}, "Ожидался объект JSON с полями, а получено: list."),
            ("/api/schedule?dateFrom=x", None, "Дата записана неверно. Нужно так: YYYY-MM-DD."),
        ],
    )
    def test_a_type_is_told_in_russian(self, url, body, message):
        region = cast.Region().http()
        answer = region.get(url) if body is None else region.post(url, body, format="json")
        assert message in {error["message"] for error in answer.json()["errors"]}


class Page(HTMLParser):
    """What somebody reads on a page: text, hints, names of buttons and fields; no code, no names of icons."""

    UNREAD = {"script", "style", "code", "kbd"}
    ICONS = {"icon", "material-symbols-outlined"}
    HINTS = {"title", "placeholder", "alt", "aria-label"}

    def __init__(self, html):
        super().__init__()
        self.texts, self.unread = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        shown = tag == "input" and given.get("type") in {"submit", "button"}
        hints = self.HINTS | ({"value"} if shown else set())
        self.texts += [text for name, text in attrs if name in hints and text]
        if tag in self.UNREAD or self.ICONS & set((given.get("class") or "").split()):
            self.unread.append(tag)

    def handle_endtag(self, tag):
        if self.unread and self.unread[-1] == tag:
            self.unread.pop()

    def handle_data(self, data):
        if not self.unread:
            self.texts.append(data)

    def latin(self):
        """Words in Latin letters that no Russian page needs."""
        words = {word for text in self.texts for word in LATIN_WORD.findall(GUID.sub("", text))}
        return words - LATIN_IN_RUSSIAN

    def cyrillic(self):
        """Words in Russian letters that come from no row of the database and are no name of a language."""
        words = {word.lower() for text in self.texts for word in CYRILLIC_WORD.findall(text)}
        return words - CYRILLIC_IN_ENGLISH - words_of_the_database()


# A language in itself, the name of a paper, and what is typed into the box as an example.
CYRILLIC_IN_ENGLISH = {"русский", "снилс", "иванов", "ии"}


def words_of_the_database():
    """All Russian words that some row has: names, reasons, codes that people entered."""
    rows = (row for model in apps.get_models() if model._meta.managed for row in model._base_manager.values_list())
    return {word.lower() for row in rows for word in CYRILLIC_WORD.findall(str(row))}


def address_of_screen(name):
    """A screen's address, with things of the clinic where it asks for some."""
    doctor, direction = Doctor.objects.first(), Direction.objects.first()
    things = {
        "connection_request": {"pk": Lpu.objects.own().first().pk},
        "pattern": {"guid": doctor.guid},
        "absence_one": {"pk": ScheduleException.objects.filter(kind="absence").first().pk},
        "direction": {"guid": direction.guid},
        "print_direction": {"guid": direction.guid},
        "cancel_direction": {"guid": direction.guid},
        "direction_outcome": {"guid": direction.guid},
        "grid_place": {"guid": Slot.objects.first().guid},
        "grid_move": {"guid": Appointment.objects.first().guid},
        "ticket": {"guid": Appointment.objects.first().guid},
        "day_sheet": {"guid": doctor.guid, "day": Slot.objects.first().day.isoformat()},
        "day_repeat": {"guid": Appointment.objects.first().guid},
        "import": {"pk": 1},
        "import_progress": {"pk": 1},
        "import_rows": {"pk": 1},
    }
    return reverse(f"screens:{name}", kwargs=things.get(name, {}))


READ_SCREENS = {
    name
    for name, pattern in screens.patterns().items()
    if name not in screens.ASIDE | screens.WITHOUT_GET and hasattr(pattern.callback.view_class, "get")
}
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Terms, keys of the keyboard, names of languages in themselves, time zones, names by which programs know our groups;
# MIP_URL is a setting, mip and default are queues.
LATIN_IN_RUSSIAN = {
    "API",
    "GUID",
    "OID",
    "SHA",
    "UUID",
    "ISO",
    "esc",
    "en",
    "ru",
    "English",
    "EN",
    "Alt",
    "Ctrl",
    "Esc",
    "Enter",
    "CSV",
    "XLSX",
    "HTTP",
    "HTTPS",
    "JSON",
    "UTF",
    "Basic",
    "GET",
    "POST",
    "DELETE",
    "Europe",
    "Moscow",
    "Beat",
    "beat",
    "Redis",
    "UTC",
    "MIP",
    "URL",
    "mip",
    "default",
    *GROUPS,
}


@pytest.fixture
def clinic():
    """One of everything that a list can show, with Russian names."""
    return world.a_clinic()


@pytest.mark.django_db
class TestStaffsSite:
    @pytest.fixture
    def olga(self, client):
        client.force_login(User.objects.create_superuser("Ольга"))
        return client

    @pytest.mark.usefixtures("clinic")
    @pytest.mark.parametrize("name", sorted(READ_SCREENS))
    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_a_screen_speaks_the_language_it_is_asked_in(self, olga, name, language):
        Doctor.objects.update(user=User.objects.get(username="Ольга"))
        response = olga.get(address_of_screen(name), follow=True, headers={"accept-language": language})
        assert response.status_code in (200, 204, 404), name
        shown = Page(b"".join(response).decode())
        assert not (shown.latin() if language == "ru" else shown.cyrillic())

    @pytest.mark.usefixtures("clinic")
    @pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
    def test_no_russian_word_on_a_models_pages_in_english(self, olga, model):
        if not model.objects.exists():
            return  # its list is looked at in Russian; nothing else of it can be opened
        for url in self.pages(olga, model):
            response = olga.get(url, follow=True, headers={"accept-language": "en"})
            assert not Page(response.content.decode()).cyrillic(), url

    @pytest.mark.usefixtures("clinic")
    @pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
    def test_no_english_word_on_a_models_pages(self, olga, model):
        for url in self.pages(olga, model):
            response = olga.get(url, follow=True)
            assert response.status_code == 200, url
            strange = Page(response.content.decode()).latin()
            assert not strange, url

    def pages(self, olga, model):
        """The list, the form of a new one, and the page and the history of the last one."""
        name, of_model = model._meta.label_lower, admin.site._registry[model]
        request = RequestFactory().get("/")
        request.user = User.objects.get(username="Ольга")
        yield page(name)
        if of_model.has_add_permission(request) and model is not Group:
            yield page(name, "add")
        last = model.objects.last()
        assert last, "the clinic has none"
        if model is not Group:  # Django's permissions, on a group's form, have English names in the database
            yield page(name, "change", last.pk)
            yield page(name, "history", last.pk)

    @pytest.mark.parametrize("url", ["/admin/", "/admin/password_change/", "/admin/logout/", "/i18n/no-such-page"])
    def test_no_english_word_elsewhere(self, olga, url):
        response = olga.post(url) if "logout" in url else olga.get(url)
        strange = Page(response.content.decode()).latin()
        assert not strange

    def test_what_scrolls_is_named_for_the_script_that_draws_it(self, olga):
        page = olga.get("/admin/").content.decode()
        assert '<meta name="scrollable" content="Прокручиваемая часть страницы">' in page

    def test_no_english_word_before_the_login(self, client):
        strange = Page(client.get("/admin/login/").content.decode()).latin()
        assert not strange

    @pytest.mark.parametrize(("status", "language"), [*itertools.product([403, 404, 500], ["ru", "en"])])
    def test_pages_of_errors(self, olga, status, language):
        with translation.override(language):
            page = Page(render_to_string(f"{status}.html"))
        assert not page.latin() if language == "ru" else page.latin()

    def test_a_day_is_written_as_people_say_it(self):
        with translation.override("ru"):
            assert date_format(dt.date(2026, 11, 22), "MONTH_DAY_FORMAT") == "22 ноября"

    def test_what_the_system_did_is_told_in_russian(self):
        with translation.override("ru"):
            assert who_did(LogEntry(additional_data={"by": str(SYSTEM)})) == "система"
            assert who_did(LogEntry(additional_data={"by": "портал"})) == "портал"

    def test_english_for_whoever_reads_english(self, client):
        texts = Page(client.get("/admin/login/", headers={"Accept-Language": "en"}).content.decode()).texts
        assert "Log in" in {text.strip() for text in texts}
        client.force_login(an_employee("registrar"))
        site = client.get("/admin/", headers={"Accept-Language": "en"}).content.decode()
        assert "Appointments today" in site
        assert not CYRILLIC.search("".join(Page(site).texts).replace("Русский", ""))
