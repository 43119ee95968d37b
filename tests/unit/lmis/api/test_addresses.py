"""The caller's address behind proxies."""

from ipaddress import ip_address

import pytest
from django.core.exceptions import ImproperlyConfigured

from lmis.api.addresses import check_settings, client_address, within


@pytest.mark.parametrize(
    ("proxies", "here", "forwarded", "expected"),
    [
        ([], "203.0.113.5", None, "203.0.113.5"),
        ([], "203.0.113.5", "198.51.100.1", "203.0.113.5"),  # nobody is believed
        (["10.0.0.0/8"], "203.0.113.5", "198.51.100.1", "203.0.113.5"),  # not our proxy
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the left one is forged
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # two proxies of ours
        (["10.0.0.0/8"], "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # a caller inside
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1, unknown", None),  # not the proxy: nobody knows who
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", None),
        (["10.0.0.0/8"], "10.0.0.1", "unknown, 198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", None, "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "", None),  # what granian makes of "é, 198.51.100.1"
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1,", None),
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (["10.0.0.0/8"], "10.0.0.1", "2001:db8::1", "2001:db8::1"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (["unix"], "", "198.51.100.1", "198.51.100.1"),
        (["unix"], "", "unknown", None),
        (["unix"], "", None, None),
        ([], "", "198.51.100.1", None),
        ([], "not an address", None, None),
    ],
)
def test_address(settings, proxies, here, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    meta = {"REMOTE_ADDR": here} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})
    assert client_address(meta) == (expected and ip_address(expected))


def test_an_unknown_address_is_in_no_network():
    assert not within(None, ["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "METRICS_NETWORKS"])
def test_a_start_with_a_network_that_is_none_is_refused(settings, name):
    setattr(settings, name, ["10.0.0.0/8", "office"])
    with pytest.raises(ImproperlyConfigured, match=f"{name}: 'office'"):
        check_settings()
