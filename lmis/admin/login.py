"""The forms that ask an employee for the password: unfold's, with the clinic's own check of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

from lmis.api.addresses import client_address
from lmis.exceptions import Throttled
from lmis.services import staff_login


class LoginForm(AuthenticationForm):
    """`throttled` is the refusal of somebody who failed too often, else None."""

    throttled: Throttled | None = None

    def clean(self) -> dict[str, Any]:
        """Let in an employee alone; a login is counted as Django compares it, without spaces around it."""
        given: dict[str, Any] = self.cleaned_data
        login, password = given.get("username"), given.get("password")
        if login is None or not password:
            return given
        address = str(client_address(self.request.META) or "")
        try:
            user = staff_login.check(login=login, password=password, address=address, now=timezone.now())
        except Throttled as refusal:
            self.throttled = refusal
            raise ValidationError(staff_login.wait_in_words(refusal), code=refusal.code) from refusal
        if user is None:
            raise self.get_invalid_login_error()
        self.user_cache = user
        return given


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """For one's own new password; guessing at the old one at a PC left open is counted like guessing at the login."""

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        """`address` is where the request came from."""
        super().__init__(*args, **kwargs)
        self._address = address

    def clean_old_password(self) -> str:
        """The password that counts until now."""
        given: str = self.cleaned_data["old_password"]
        login = self.user.get_username()
        try:
            user = staff_login.check(login=login, password=given, address=self._address, now=timezone.now())
        except Throttled as refusal:
            raise ValidationError(staff_login.wait_in_words(refusal), code=refusal.code) from refusal
        if user is None:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given


admin.site.login_form = LoginForm
