"""API clients and their secrets. A secret is shown once, on the page that follows its making, and nowhere kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from lmis.admin.ask import Question, ask, found_or_404
from lmis.admin.base import LmisModelAdmin, RowsInline, actor
from lmis.admin.words import WHO, labels, words_of
from lmis.models import ApiClient, ApiSecret
from lmis.models.api_client import Scope
from lmis.services import clients


class SecretInline(RowsInline):
    """The secrets by their last characters; each live one can be ended."""

    model = ApiSecret
    extra = 0
    can_delete = False
    fields = readonly_fields = ["ending", "created_at", "created_by", "expires_at", "revoked_at", "revoked_by", "end"]
    verbose_name_plural = _("Secrets")
    hide_title = True
    readonly_preprocess_fields = WHO

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made by "New secret" alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing in it to change."""
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the digests."""
        return super().get_queryset(request).defer("digest")

    @display(description=_("ends with"))
    def ending(self, secret: ApiSecret) -> str:
        """As the caller's administrator can recognise it."""
        return str(secret)

    @display(description=_("revoke"))
    def end(self, secret: ApiSecret) -> str:
        """A link while it is live."""
        if secret.revoked_at:
            return ""
        url = reverse("admin:lmis_apiclient_revoke", args=[secret.client_id, secret.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', url, _("Revoke"))


class ClientForm(forms.ModelForm):
    """The service, or the model, says what is wrong with the values."""

    class Meta:
        model = ApiClient
        fields = ["login", "name", "source", "scopes", "networks", "is_active", "expires_at"]
        widgets = {"networks": UnfoldAdminTextInputWidget}
        help_texts = {"networks": _("Such as 10.1.0.0/16, several with commas in between; empty: from anywhere.")}


@admin.register(ApiClient)
class ApiClientAdmin(LmisModelAdmin):
    """Who calls us, with what rights. A client is switched off and never deleted: appointments name it."""

    form = ClientForm
    list_display = ["login", "name", "source", "scopes_in_words", "last_used_at", "expires_at", "is_active"]
    list_filter = ["is_active", "source"]
    search_fields = ["login", "name"]
    search_help_text = _("Login or what for")
    readonly_fields = ["last_used_at", "created_at", "created_by"]
    readonly_preprocess_fields = {**WHO, "scopes": labels(Scope)}
    inlines = [SecretInline]
    actions_detail = ["rotate"]
    fieldsets = [
        (None, {"fields": ["login", "name", "source", "is_active"]}),
        (_("Rights"), {"fields": ["scopes", "networks", "expires_at"]}),
        (_("Dates"), {"fields": ["last_used_at", ("created_at", "created_by")]}),
    ]
    add_fieldsets = [(None, {"fields": ["login", "name", "source", "scopes", "networks", "expires_at"]})]

    @display(description=_("scopes"))
    def scopes_in_words(self, client: ApiClient) -> str:
        """What it may do."""
        return words_of(client.scopes, Scope)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The login is what the other side has configured."""
        return [*self.readonly_fields, *(["login"] if obj else [])]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """No secrets before there is a client."""
        return self.inlines if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service; the secret of a new one is kept for this one response."""
        if change:
            given = {name: form.cleaned_data[name] for name in form.changed_data if name in clients.EDITABLE}
            clients.change(client=obj, values=given, by=actor(request))
            return
        wanted = {name: form.cleaned_data[name] for name in self.add_fieldsets[0][1]["fields"]}
        client, secret = clients.create(**wanted, by=actor(request))
        request.new_secret = secret  # type: ignore[attr-defined]
        obj.pk = client.pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Instead of a redirect: what was made can be shown now or never."""
        return self._show(request, obj, request.new_secret)  # type: ignore[attr-defined]

    @action(description=_("New secret"), url_path="rotate", permissions=["change"], icon="key")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A second secret beside the one in use."""
        client = found_or_404(self, request, object_id)
        question = Question(
            title=_("New secret"),
            submit=_("Make a new secret"),
            text=_("The secret in use stays good until you revoke it: first give the new one to the other side."),
        )

        def rotate(_data: dict[str, Any]) -> HttpResponse:
            secret = clients.rotate(client=client, by=actor(request), now=timezone.now())
            return self._show(request, client, secret)

        return ask(self, request, question, [client], rotate)

    def revoke_view(self, request: HttpRequest, object_id: str, secret_id: int) -> HttpResponse:
        """End one of the client's secrets."""
        client = found_or_404(self, request, object_id)
        secret = get_object_or_404(ApiSecret, pk=secret_id, client=client)
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        question = Question(
            title=_("Revoke the secret"),
            submit=_("Revoke"),
            text=_("Calls with the secret that ends with %(hint)s are refused from now on.") % {"hint": secret.hint},
            danger=True,
        )

        def revoke(_data: dict[str, Any]) -> str:
            clients.revoke_secret(secret=secret, by=actor(request), now=timezone.now())
            return str(_("The secret is revoked."))

        return ask(self, request, question, [client], revoke)

    def get_urls(self) -> list[Any]:
        """With the page that revokes."""
        revoke = self.admin_site.admin_view(self.revoke_view)
        own = path("<path:object_id>/secrets/<int:secret_id>/revoke/", revoke, name="lmis_apiclient_revoke")
        return [own, *super().get_urls()]

    def _show(self, request: HttpRequest, client: ApiClient, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The secret of %(login)s") % {"login": client.login},
            "opts": self.opts,
            "client": client,
            "secret": secret,
        }
        return TemplateResponse(request, "admin/lmis/secret.html", context, headers={"Cache-Control": "no-store"})
