"""Dashboard and alarm rules ask for what is really there: names, labels, and the values that labels have."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.utils import timezone

from lmis.ops import counting
from lmis.ops.counting import Counts
from lmis.services.traffic import Key
from patients.models import MipGate, UploadMinute
from tests.factories.cast import a_patient
from tests.scrape import families

pytestmark = pytest.mark.django_db
DEPLOY = Path(__file__).resolve().parents[4] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "lmis.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ASKED = [(rule["alert"], rule["expr"]) for rule in RULES]
ASKED += [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
SELECTOR = re.compile(r"\b(lmis_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
BY = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
SCRAPED = {}
OF_PROMETHEUS = {"job", "instance", "__name__"}


@pytest.fixture
def samples(region, slot, patient, monkeypatch):
    """Every sample that Prometheus stores of a clinic in which everything has happened: name → labels of each."""
    if SCRAPED:  # a minute of scraping is saved
        return SCRAPED
    monkeypatch.setattr(counting, "COUNTS", Counts())
    region.http().get("/api/schedule")
    counting.COUNTS.note(Key(region.client.login, "GET", "api/schedule", 304, ""), 0.01)
    for who in (patient, a_patient(slot.doctor.lpu)):
        region.http(who).post("/api/appointments", {"slot": str(slot.guid)}, format="json")
    counting.COUNTS.flush()
    now = timezone.now()
    UploadMinute.objects.create(minute=now, outcome="accepted", code="", count=1)
    MipGate.objects.create(kind="outage", reason="timeout", since=now, closed_until=now)
    for family in families().values():
        for sample in family.samples:
            SCRAPED.setdefault(sample.name, []).append(sample.labels)
    return SCRAPED


@pytest.mark.parametrize(("what", "expr"), ASKED, ids=[what for what, _ in ASKED])
def test_what_is_asked_for_is_there(samples, what, expr):
    named = set()
    for name, matchers in SELECTOR.findall(expr):
        assert name in samples, f"{what}: there is no {name}"
        labels = samples[name]
        named |= {label for one in labels for label in one}
        for label, operator, value in MATCHER.findall(matchers):
            if label in OF_PROMETHEUS:
                continue
            assert any(label in one for one in labels), f"{what}: {name} has no {label}"
            if operator == "=":
                assert any(one[label] == value for one in labels), f"{what}: no {name} with {label}={value}"
    grouped = {label.strip() for labels in BY.findall(expr) for label in labels.split(",")}
    assert grouped <= named | OF_PROMETHEUS, what


@pytest.mark.parametrize(("what", "expr"), ASKED, ids=[what for what, _ in ASKED])
def test_brackets_are_closed_and_counters_are_rates(what, expr):
    assert all(expr.count(left) == expr.count(right) for left, right in ("()", "{}", "[]"))
    for match in re.finditer(r"lmis_\w+_(?:total|bucket)", expr):
        assert re.search(r"(?:rate|increase)\($", expr[: match.start()]), f"{what}: {match[0]} rises for ever"


def test_every_metric_is_shown(samples):
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in SELECTOR.findall(target["expr"])}
    families_shown = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in samples} == families_shown


def test_legends_name_labels_that_are_kept():
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"{{\s*(\w+)\s*}}", target["legendFormat"]))
            kept = {label.strip() for labels in BY.findall(target["expr"]) for label in labels.split(",")}
            assert named <= kept, panel["title"]


def test_what_must_be_told():
    told = {rule["alert"] for rule in RULES}
    assert told >= {"LmisOldestUnsent", "LmisGateShut", "LmisNoWorker", "LmisNoBeat", "LmisNoPoll", "LmisErrors"}
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in RULES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


PROMISED = {
    "LmisOldestUnsent": ("max by (job) (lmis_oldest_unsent_seconds) > 900", "1m"),
    "LmisGateShut": ("max by (job, kind) (lmis_gate_shut) == 1", "2m"),
    "LmisNoWorker": ("min by (job, queue) (lmis_workers) == 0", "2m"),
    "LmisNoBeat": ('max by (job) (lmis_processes{kind="beat"}) == 0', "2m"),
    "LmisNoPoll": ("time() - max by (job) (lmis_last_poll_timestamp_seconds) > 3600", None),
    "LmisErrors": (
        'sum by (job) (rate(lmis_requests_total{status=~"5.."}[5m]))'
        " / sum by (job) (rate(lmis_requests_total[5m])) > 0.01",
        "5m",
    ),
}


@pytest.mark.parametrize("name", PROMISED)
def test_when_operators_are_told(name):
    rule = next(rule for rule in RULES if rule["alert"] == name)
    assert (rule["expr"], rule.get("for")) == PROMISED[name]
    assert rule["labels"]["severity"] == "critical"


def test_when_operators_are_warned_of_cards_that_fail():
    rule = next(rule for rule in RULES if rule["alert"] == "LmisCardsFailing")
    assert (rule["expr"], rule["for"]) == ("max by (job) (lmis_uploads_failing) > 0", "15m")
    assert rule["labels"]["severity"] == "warning"


def test_panels_do_not_lie_on_each_other():
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
