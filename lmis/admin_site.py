"""The staff's site: unfold's, but for what it would make for nobody and for whose guesses it would not count."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from lmis.api.addresses import client_address


class Site(UnfoldAdminSite):
    """Every page's context names all models that the employee may see; our menu asks for none of them."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """As Django's, made when somebody looks at it: a tenth of a list's processor time."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The page of one's own password, with `lmis.admin.login.OwnPasswordForm`."""
        from lmis.admin.login import OwnPasswordForm  # which needs this site to be there

        view = PasswordChangeView.as_view(
            form_class=partial(OwnPasswordForm, address=str(client_address(request.META) or "")),
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
