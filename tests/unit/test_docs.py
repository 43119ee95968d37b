"""What the documents name exists, and what they list is complete."""

import hashlib
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import get_commands
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

import lmis.services.nsi_files  # a refusal is known only once its module is imported: this one's, those of the screens
import lmis.urls  # noqa: F401
from appointments.services.integrity import CHECKS
from lmis.exceptions import REGISTRY
from lmis.ops import metrics
from lmis.services import alarms
from patients.models import CardUpload
from sandbox.settings import OPTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
ADR = ROOT / "docs" / "adr"
STAFF = ROOT / "docs" / "staff"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
SETTING = re.compile(r"((?:^# .*\n)+)^#?([A-Z_]+)=(.*)$", re.MULTILINE)
CODE_ROW = re.compile(r"^\| (\d{3}) \| `(\w+)` \|", re.MULTILINE)
UNSET = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS"}  # .env.example shows an example, not a default
OF_HTTPX = {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}  # read from the environment
OF_OTHERS = {"SKIP_LOCKED", *OF_HTTPX}


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request):
    return request.param


def code_of(text):
    """All that is set as code."""
    blocks = FENCED.findall(text)
    return [line for block in blocks for line in block.splitlines()] + SPAN.findall(FENCED.sub("", text))


def said(page):
    return "\n".join(code_of(page.read_text()))


def section(path, heading):
    """The text under a heading of a page, down to the next of the same rank."""
    text = (ROOT / path).read_text()
    rank = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert rank, f"{path} has no section {heading}"
    return re.split(rf"^#{{1,{len(rank[1])}}} ", text[rank.end() :], flags=re.MULTILINE)[0]


def first_column(text):
    """The code in the first cell of each row of the tables."""
    return [name for row in ROW.findall(text) for name in SPAN.findall(row.split(" | ")[0])]


def known_settings():
    source = (ROOT / "lmis" / "settings.py").read_text()
    return set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source))


def settings_table():
    """The table of the README, as `.env.example` has the settings."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for comment, name, value in SETTING.findall((ROOT / ".env.example").read_text()):
        default = "" if name in UNSET or not value else f"`{value}`"
        meaning = " ".join(line.removeprefix("# ") for line in comment.strip().splitlines() if "---" not in line)
        rows.append(f"| `{name}` | {default} | {meaning} |")
    return "\n".join(rows)


def test_readme_lists_the_settings():
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- settings: .*? -->\n(.*?)\n?<!-- /settings -->", readme, re.DOTALL)
    assert set(first_column(shown[1])) == known_settings()
    assert shown[1] == settings_table(), f"put this between the marks in README.md:\n{settings_table()}"


def test_readme_maps_the_folders():
    """All at the top but the hidden ones and those that git ignores."""
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    tops = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert sorted(first_column(section("README.md", "Where things are"))) == sorted(f"{top}/" for top in tops - ignored)


def test_make_targets(page):
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"\bmake ([a-z0-9_-]+)", said(page))
    assert set(named) <= set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))


def test_contributing_lists_the_make_targets():
    help_text = re.search(r"^help:\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    helped = re.findall(r"\bmake ([a-z0-9]+)", help_text)
    assert sorted(first_column(section("CONTRIBUTING.md", "Commands"))) == sorted(f"make {name}" for name in helped)


def test_commands(page):
    named = re.findall(r"manage\.py ([a-z_]+)", page.read_text())
    assert set(named) <= set(get_commands())


def test_setting_names(page):
    """Words in capitals with an underscore: settings, variables of the Makefile and of the sandbox."""
    makefile = re.findall(r"\$[({]([A-Z_]+)[)}]", (ROOT / "Makefile").read_text())
    sandbox = {"SANDBOX_" + name.upper().replace("-", "_") for name, _, _ in OPTIONS}
    named = set(re.findall(r"(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])", said(page)))
    assert named <= known_settings() | set(makefile) | sandbox | OF_OTHERS


def test_links(page):
    for target in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in {slug(heading) for heading in HEADING.findall(there.read_text())}, target


def slug(heading):
    """A heading's anchor, as the usual hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_files(page):
    """Paths that begin with a folder of the project."""
    tops = "|".join(sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")))
    for path in re.findall(rf"(?<![\w/.-])((?:{tops})/[\w./*-]*)", said(page)):
        if not path.startswith("var/"):
            assert list(ROOT.glob(path.rstrip("/"))), path


def test_modules(page):
    """Dotted names inside our packages: modules, what is in them, and tasks."""
    for name in SPAN.findall(FENCED.sub("", page.read_text())):
        if re.fullmatch(r"(lmis|patients|directions|appointments|sandbox|benchmarks)(\.\w+)+", name):
            assert resolves(name), name


def resolves(name):
    parent, _, last = name.rpartition(".")
    tasks = ROOT / parent / "tasks.py"
    if tasks.is_file() and f'name="{name}"' in tasks.read_text():
        return True
    try:
        return hasattr(importlib.import_module(parent), last) or bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


def test_labels_of_the_staff_pages(page):
    """ "Send again" («Отправить снова») is what the catalogue makes of it; first letters aside."""
    with (ROOT / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = {str(message.id).lower(): str(message.string).lower() for message in read_po(file)}
    for english, russian in re.findall(r'"([^"\n]+)"\s+\(«([^»]+)»\)', page.read_text()):
        assert catalogue.get(english.lower()) == " ".join(russian.lower().split()), english


# --- docs/images/ ----------------------------------------------------------------------------------------------


def pictures_of(page):
    """The files of the pictures that a page shows, in either of the two ways."""
    shown = re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"[^>]* alt=\"[^\"]+\"", page.read_text())
    return {(page.parent / (linked or tagged)).resolve() for linked, tagged in shown}


def test_every_picture_is_there_and_shown():
    assert set().union(*map(pictures_of, PAGES)) == set((ROOT / "docs" / "images").iterdir())


def test_no_two_pictures_are_the_same():
    """As when a picture was taken before there was anything of its own to see."""
    by_content = {}
    for path in sorted((ROOT / "docs" / "images").iterdir()):
        by_content.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), []).append(path.name)
    assert [names for names in by_content.values() if len(names) > 1] == []


@pytest.mark.parametrize("name", sorted(path.name for path in STAFF.glob("*.md") if path.name != "README.md"))
def test_every_task_is_shown(name):
    assert pictures_of(STAFF / name)


def test_every_picture_is_taken_by_a_row():
    rows = re.findall(r"^    Shot\(\"([\w-]+)\"", (ROOT / "tests/e2e/screenshots.py").read_text(), re.MULTILINE)
    assert sorted(f"{name}.png" for name in rows) == sorted(path.name for path in (ROOT / "docs" / "images").iterdir())


def test_every_task_is_listed():
    listed = set(LINK.findall((STAFF / "README.md").read_text()))
    assert {path.name for path in STAFF.glob("*.md") if path.name != "README.md"} <= listed


def test_decisions_are_listed():
    listed = [target for target in LINK.findall((ADR / "README.md").read_text()) if target.endswith(".md")]
    assert listed == sorted(path.name for path in ADR.glob("0*.md"))


def test_every_test_folder_is_explained():
    folders = {f"tests/{path.name}/" for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert set(first_column(section("CONTRIBUTING.md", "Tests"))) == folders


# --- docs/integration.md: the contract as built ----------------------------------------------------------------


def is_staff_only(refusal):
    return (refusal.__doc__ or "").startswith("Staff only:")


@pytest.mark.parametrize(("heading", "staff"), [("Error codes", False), ("Codes that only staff see", True)])
def test_error_codes(heading, staff):
    listed = {code: int(status) for status, code in CODE_ROW.findall(section("docs/integration.md", heading))}
    assert listed == {code: cls.status for code, cls in REGISTRY.items() if is_staff_only(cls) == staff}


METHOD = re.compile(r"^### (\S+)\. `(GET|POST|DELETE) (/[^`]*)`(?:, `GET (/[^`]*)`)?$", re.MULTILINE)


def methods():
    """(text of the section, HTTP method, path) for each method of the API that has a section."""
    text = (ROOT / "docs/integration.md").read_text()
    found = []
    for match in METHOD.finditer(text):
        body = re.split(r"^#{1,3} ", text[match.end() :], flags=re.MULTILINE)[0]
        found += [(body, match[2].lower(), path.partition("?")[0]) for path in match.group(3, 4) if path]
    return found


@pytest.fixture(scope="module")
def operations():
    """The project's OpenAPI operations by path (below /api) and method."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {
        (method, path.removeprefix("/api")): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def test_every_method_has_a_section(operations):
    assert sorted((method, path) for _, method, path in methods()) == sorted(operations)


def test_every_parameter_is_explained(operations):
    """Between `Parameters` and `Answer:`, with their fixed values; a list and its item share a section."""
    named, shown = {}, {}
    for text, method, path in methods():
        part = re.search(r"\bParameters\b(.*?)^Answer:", text, re.MULTILINE | re.DOTALL)
        shown[text] = set(SPAN.findall(part[1] if part else "")) - {"true", "active", "all"}
        query = {p["name"] for p in operations[method, path].get("parameters", ()) if p["in"] == "query"}
        named[text] = named.get(text, set()) | query
    assert named == shown


def test_every_refusal_of_a_method_is_listed():
    """The line `Errors:` has the codes that the view declares; what all methods answer is told once."""
    for text, method, path in methods():
        line = re.search(r"^Errors: (.+?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
        listed = set(SPAN.findall(line[1])) if line else set()
        assert listed >= declared(method, path), (method, path)
        assert listed <= set().union(*(declared(m, p) for t, m, p in methods() if t == text)), (method, path)


def declared(method, path):
    """What `@errors` says."""
    url = "/api" + path.replace("{guid}", "00000000-0000-4000-8000-000000000000")
    view = get_resolver().resolve(url).func.view_class
    return set(getattr(getattr(view, method), "error_codes", ()))


# --- docs/operators.md -----------------------------------------------------------------------------------------


def test_every_state_of_an_upload_is_explained():
    assert first_column(section("docs/operators.md", "States of an upload")) == CardUpload.State.values


def test_every_alarm_is_explained():
    assert first_column(section("docs/operators.md", "Alarms")) == list(alarms.CHECKS)


def test_every_check_of_the_integrity_report_is_explained():
    assert first_column(section("docs/operators.md", "check_integrity")) == list(CHECKS)


def test_everything_that_beat_does_is_listed():
    # A process of its own: another test may have finalised this one's application before all tasks were known.
    code = "from lmis.celery import app; app.loader.import_default_modules(); app.finalize()"
    told = [sys.executable, "-c", f"{code}; print(*app.conf.beat_schedule)"]
    done = subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=True)
    assert sorted(first_column(section("docs/operators.md", "What beat does"))) == sorted(done.stdout.split())


@pytest.mark.django_db
def test_every_metric_is_explained():
    given = re.findall(r"^# HELP (\w+)", metrics.render(), re.MULTILINE)
    assert sorted(first_column(section("docs/operators.md", "Metrics"))) == sorted(given)


def test_staff_groups_are_named():
    from lmis.services.groups import GROUPS

    assert set(GROUPS) <= set(SPAN.findall((ROOT / "docs/staff/README.md").read_text()))


def test_the_languages_of_the_api_are_those_of_the_settings():
    assert all(f"`{code}`" in section("docs/integration.md", "Conventions") for code, _ in settings.LANGUAGES)


def test_every_program_that_measures_has_its_figures():
    programs = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__", "system"}
    told = set(re.findall(r"`python -m benchmarks\.(\w+)`", (ROOT / "docs" / "performance.md").read_text()))
    assert told == programs
