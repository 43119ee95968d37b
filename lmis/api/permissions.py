"""Which credentials open which view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from lmis.exceptions import ScopeRequired

if TYPE_CHECKING:
    from lmis.api.views import ApiView  # it asks DRF's settings for this module


class ScopePermission(BasePermission):
    """A client needs the view's scope; a patient's token opens the views that say so."""

    def has_permission(self, request: Request, view: ApiView) -> bool:  # type: ignore[override]
        """True, or `ScopeRequired`. A view that names no scope at all is a mistake, and fails."""
        caller = view.caller
        if caller.client is None:
            allowed = view.bearer_allowed
        else:
            allowed = view.scope is None or view.scope in caller.client.scopes
        if not allowed:
            raise ScopeRequired
        return True
