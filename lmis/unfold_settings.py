"""The look of the staff's site (`django-unfold`): names, menu, colours."""

from __future__ import annotations

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": _("LMIS"),
    "SITE_HEADER": _("LMIS"),
    "SITE_SUBHEADER": _("Local medical information system"),
    "SITE_SYMBOL": "local_hospital",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "lmis.admin.dashboard.environment",
    "DASHBOARD_CALLBACK": "lmis.admin.dashboard.dashboard",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("lmis/favicon.svg")},
    ],
    "STYLES": [lambda request: static("lmis/admin.css")],
    "SCRIPTS": [lambda request: static("lmis/admin.js")],
    # No palette: what is typed into it goes into a URL. unfold puts it on every page whatever is said here, which our
    # `unfold/helpers/command.html` undoes; and the address that it asked finds nobody.
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "lmis.admin.navigation.navigation",
    },
    # `#lock` is what the lock's script listens for. Instead of unfold's own links, so the password is here again.
    "ACCOUNT": {
        "navigation": [
            {"title": _("Lock the screen, change the employee"), "link": "#lock"},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(33% .054 188.5)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
}
