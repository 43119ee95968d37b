"""The catalogues are gathered and compiled without a gettext program."""

import ast
import gettext
from pathlib import Path

import pytest

from lmis import translations


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        "{% load i18n %}\n  <p>{% translate 'Free places' %}</p>\n<i>it's</i>"
        "{% blocktranslate count n=n %}{{ n }} slot{% plural %}{{ n }} slots{% endblocktranslate %}"
    )
    (tmp_path / "lmis").mkdir()
    (tmp_path / "lmis" / "code.py").write_text("a = _('Ticket')\nb = pgettext_lazy('verb', 'Book')\nc = 'not a text'\n")
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "LOCALE", tmp_path / "locale")
    return tmp_path / "locale" / "ru" / "LC_MESSAGES"


def translate(path, *pairs):
    text = path.read_text()
    for message, translation in pairs:
        text = text.replace(f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{translation}"')
    path.write_text(text)


def test_texts_of_code_and_templates_are_gathered(project):
    assert translations.main(["gather"]) == 0
    found = (project / "django.po").read_text()
    assert 'msgid "Free places"' in found
    assert 'msgid "Ticket"' in found
    assert 'msgctxt "verb"\nmsgid "Book"' in found
    assert 'msgid "%(n)s slot"\nmsgid_plural "%(n)s slots"' in found
    assert "not a text" not in found


def test_compiled_catalogue_is_read_by_gettext(project):
    translations.main(["gather"])
    translate(project / "django.po", ("Ticket", "Талон"))
    assert translations.main(["compile"]) == 0
    with (project / "django.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Ticket") == "Талон"


def test_two_commands_that_compile_at_once_do_not_take_each_others_draft_away(project, monkeypatch):
    translations.main(["gather"])
    write, others = translations.write_mo, [translations.compile_all]

    def while_another_does(file, catalogue):
        while others:
            others.pop()()
        write(file, catalogue)

    monkeypatch.setattr(translations, "write_mo", while_another_does)
    assert translations.main(["compile"]) == 0
    assert {path.name for path in project.iterdir()} == {"django.po", "django.mo"}


def test_gathering_again_keeps_translations_and_drops_unused_texts(project):
    translations.main(["gather"])
    translate(project / "django.po", ("Ticket", "Талон"), ("Free places", "Свободно"))
    (project.parents[2] / "lmis" / "code.py").write_text("a = _('Ticket')\n")
    translations.main(["gather"])
    found = (project / "django.po").read_text()
    assert 'msgid "Ticket"\nmsgstr "Талон"' in found
    assert 'msgid "Free places"\nmsgstr "Свободно"' in found
    assert '"Book"' not in found
    once = found
    translations.main(["gather"])
    assert (project / "django.po").read_text() == once


def test_translation_with_another_placeholder_is_named_and_nothing_is_compiled(project, capsys):
    project.mkdir(parents=True)
    (project / "django.po").write_text('#, python-format\nmsgid "%(n)d places"\nmsgstr "%(m)d мест"\n')
    assert translations.main(["compile"]) == 2
    assert "%(n)d places" in capsys.readouterr().err
    assert not (project / "django.mo").exists()


@pytest.mark.parametrize("app", ["lmis", "patients", "directions", "appointments"])
def test_no_text_hides_inside_an_f_string(app):
    """The gatherer takes an f-string for one string, so that a text in it would never be translated."""
    hidden = [
        f"{path}:{node.lineno}"
        for path in sorted((Path(translations.__file__).parents[2] / app).rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "_" or "gettext" in node.func.id)
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert hidden == []
