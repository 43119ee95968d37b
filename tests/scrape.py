"""What Prometheus reads, as Prometheus reads it."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scraped_text():
    response = Client().get("/metrics")
    assert response.status_code == 200, response.content
    return response.content.decode()


def families():
    """The metric families by name; a text that Prometheus would refuse is an error here."""
    return {family.name: family for family in text_string_to_metric_families(scraped_text())}


def scrape():
    """Values by name, or by (name, label's value, ...) where there are labels."""
    samples = (sample for family in families().values() for sample in family.samples)
    return {(s.name, *s.labels.values()) if s.labels else s.name: s.value for s in samples}
