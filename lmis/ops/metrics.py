"""Figures for Prometheus, read from the database when asked: the same whichever process answers.

An app adds its own in a module `metrics` with functions under `@source`; no label ever holds anything personal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Sum
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from lmis.models import FailedLogin
from lmis.services.credentials import MINUTE


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge: its name without `lmis_`, what it means, and values by their labels."""

    name: str
    help: str
    values: Iterable[tuple[dict[str, str], float]] = field(default_factory=list)

    @classmethod
    def single(cls, name: str, help: str, value: float) -> Metric:
        """A gauge without labels."""
        return cls(name, help, [({}, value)])


_sources: list[Callable[[], Iterable[Metric]]] = []


def source(function: Callable[[], Iterable[Metric]]) -> Callable[[], Iterable[Metric]]:
    """Decorator: the function's metrics are given, too. A statement or two, and fast."""
    _sources.append(function)
    return function


def render() -> str:
    """All of them in Prometheus's text format."""
    autodiscover_modules("metrics")
    return "".join(f"{line}\n" for read in _sources for metric in read() for line in _lines(metric))


@source
def logins() -> Iterator[Metric]:
    """Guessing shows here first."""
    failures = FailedLogin.objects.filter(minute__gt=timezone.now() - MINUTE).aggregate(sum=Sum("count"))["sum"]
    yield Metric.single("failed_logins", "Failed API logins in the last minute.", failures or 0)


def _lines(metric: Metric) -> Iterator[str]:
    name = f"lmis_{metric.name}"
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} gauge"
    for labels, value in metric.values:
        text = ",".join(f'{label}="{_escaped(label_value)}"' for label, label_value in labels.items())
        yield f"{name}{{{text}}} {value}" if text else f"{name} {value}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
