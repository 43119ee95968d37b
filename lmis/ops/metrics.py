"""Figures for Prometheus, read from the database when asked: the same whichever process answers.

An app adds its own in a module `metrics` with functions under `@source`; no label ever holds anything personal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Sum
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from lmis.models import FailedLogin
from lmis.services.credentials import MINUTE


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: how many there were, their sum, and how many were at most so much, by the bound."""

    count: int
    sum: float
    at_most: dict[float, int]


@dataclass(frozen=True, slots=True)
class Metric:
    """Its name without `lmis_`, what it means, and values by their labels; a histogram's values are `Buckets`.

    A counter's name ends with `_total`, and it never falls.
    """

    name: str
    help: str
    values: Iterable[tuple[dict[str, str], float | Buckets]] = field(default_factory=list)
    kind: Literal["gauge", "counter", "histogram"] = "gauge"

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
    yield f"# TYPE {name} {metric.kind}"
    for labels, value in metric.values:
        if isinstance(value, Buckets):
            yield from _bucket_lines(name, labels, value)
        else:
            yield _line(name, labels, value)


def _bucket_lines(name: str, labels: dict[str, str], value: Buckets) -> Iterator[str]:
    for bound, count in value.at_most.items():
        yield _line(f"{name}_bucket", {**labels, "le": f"{bound:g}"}, count)
    yield _line(f"{name}_bucket", {**labels, "le": "+Inf"}, value.count)
    yield _line(f"{name}_sum", labels, value.sum)
    yield _line(f"{name}_count", labels, value.count)


def _line(name: str, labels: dict[str, str], value: float) -> str:
    text = ",".join(f'{label}="{_escaped(label_value)}"' for label, label_value in labels.items())
    return f"{name}{{{text}}} {value}" if text else f"{name} {value}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
