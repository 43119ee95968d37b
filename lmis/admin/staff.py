"""Employees and their groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from lmis.admin.base import LmisModelAdmin
from lmis.services.groups import GROUPS, label_of

admin.site.unregister(User)
admin.site.unregister(Group)


class GroupChoiceField(forms.ModelMultipleChoiceField):
    """Groups by the names that people read."""

    def label_from_instance(self, obj: Any) -> str:
        """Translated."""
        return label_of(obj.name)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, LmisModelAdmin):  # type: ignore[misc]  # get_form differs in a default only
    """Employees. Who is no superuser neither makes one nor touches one's account."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "last_name", "first_name", "in_groups", "is_active", "last_login"]
    list_filter = ["is_active", ("groups", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["username", "last_name", "first_name"]
    search_help_text = _("Login, surname or first name of an employee")
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["last_name", "first_name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        (_("Person"), {"fields": ["last_name", "first_name", "email"]}),
        (_("Rights"), {"fields": ["is_staff", "groups"]}),
    ]

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """Without Django's own transaction: ours is the outermost."""
        return self._add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever is entered here is to work here."""
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the groups, in one statement more."""
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=_("groups"))
    def in_groups(self, user: User) -> str:
        """By the names that people read."""
        return ", ".join(label_of(group.name) for group in user.groups.all())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Only a superuser makes superusers."""
        locked = [] if request.user.is_superuser else ["is_superuser"]
        return [*super().get_readonly_fields(request, obj), *locked]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Else a new password would be the way to a superuser's rights."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Groups as boxes to tick."""
        if db_field.name != "groups":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        return GroupChoiceField(
            Group.objects.order_by("name"),
            label=_("Groups"),
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, LmisModelAdmin):
    """Groups; what each may do is Django's permissions to the models that staff can open."""

    list_display = ["label", "name"]
    list_display_links = ["label", "name"]
    fields = ["name", "permissions"]
    search_fields = ["name"]
    filter_horizontal = ["permissions"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The names of our own groups are what programs know them by."""
        return [*super().get_readonly_fields(request, obj), *(["name"] if obj and obj.name in GROUPS else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Our own groups stay."""
        return super().has_delete_permission(request, obj) and not (obj and obj.name in GROUPS)

    @display(description=_("group"))
    def label(self, group: Group) -> str:
        """By the name that people read."""
        return label_of(group.name)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        """Permissions to what this site shows, in one statement; the others open nothing."""
        if db_field.name == "permissions":
            shown = Q()
            for model in self.admin_site._registry:
                shown |= Q(app_label=model._meta.app_label, model=model._meta.model_name)
            kinds = ContentType.objects.filter(shown).values("pk")
            kwargs["queryset"] = Permission.objects.filter(content_type__in=kinds).select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _may_touch(request: HttpRequest, obj: Any) -> bool:
    return bool(request.user.is_superuser or not getattr(obj, "is_superuser", False))
