"""Employees and their groups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action, display

from lmis.admin.ask import Question, ask, found_or_404
from lmis.admin.base import LmisModelAdmin, actor
from lmis.admin.employee_forms import EmployeeForm, NewEmployeeForm
from lmis.screens.rights import VERBS
from lmis.services import employees
from lmis.services.groups import GROUPS, label_of

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, LmisModelAdmin):  # type: ignore[misc]  # get_form differs in a default only
    """Employees. Who is no superuser neither makes one nor touches one's account.

    Nobody chooses a password for somebody else: a temporary one is made up and shown once.
    """

    form = EmployeeForm
    add_form = NewEmployeeForm
    add_form_template = "admin/change_form.html"  # not the one that tells of a second page
    list_display = ["username", "last_name", "first_name", "phone", "in_groups", "is_active", "last_login"]
    list_filter = ["is_active", ("groups", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["username", "last_name", "first_name"]
    search_help_text = _("Login, surname or first name of an employee")
    readonly_fields = ["is_active", "last_login", "date_joined"]
    filter_horizontal = ()
    actions_detail = ["new_password", "deactivate", "activate"]
    fieldsets = [
        (_("Person"), {"fields": [("last_name", "first_name"), "phone", "email", "doctors"]}),
        (_("Rights"), {"fields": ["groups", "is_superuser"]}),
        (_("Account"), {"fields": ["username", "is_active", ("last_login", "date_joined")]}),
    ]
    add_fieldsets = [
        (_("Person"), {"fields": [("last_name", "first_name"), "phone", "email", "doctors"]}),
        (_("Rights"), {"fields": ["groups"]}),
        (_("Account"), {"fields": ["username"]}),
    ]

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """Without Django's own transaction: ours is the outermost."""
        return self._add_view(request, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Closed: whoever knows a colleague's password could work under that name, and the journal would not know."""
        raise PermissionDenied

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the groups, in one statement more, and the phone."""
        return super().get_queryset(request).select_related("profile").prefetch_related("groups")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one with a temporary password, which is kept for this one response."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            request.new_password = employees.enter(obj, by=actor(request))  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Phone, doctors and groups."""
        data = form.cleaned_data
        employees.keep(
            user=form.instance,
            phone=data["phone"],
            doctors=data["doctors"],
            groups=data.get("groups"),
            by=actor(request),
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Instead of a redirect: what was made up can be shown now or never."""
        return self._show(request, obj, request.new_password)  # type: ignore[attr-defined]

    @action(description=_("New temporary password"), url_path="new-password", permissions=["change"], icon="key")
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For somebody who forgot theirs."""
        user = self._touchable(request, object_id)
        question = Question(
            title=_("New temporary password"),
            submit=_("Make a temporary password"),
            text=_("The old password ends at once, and so do all open sessions of this employee."),
        )

        def give(_data: dict[str, Any]) -> HttpResponse:
            return self._show(request, user, employees.give_temporary_password(user=user, by=actor(request)))

        return ask(self, request, question, [user], give)

    @action(description=_("Deactivate"), url_path="deactivate", permissions=["change"], icon="person_off")
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For somebody who leaves."""
        user = self._touchable(request, object_id)
        question = Question(
            title=_("Deactivate the employee"),
            submit=_("Deactivate"),
            text=_("The employee is logged out at once and cannot log in any more. All that was done stays written."),
            danger=True,
        )

        def close(_data: dict[str, Any]) -> str:
            employees.set_active(user=user, active=False, by=actor(request))
            return str(_("The employee is deactivated."))

        return ask(self, request, question, [user], close)

    @action(description=_("Activate"), url_path="activate", permissions=["change"], icon="person_check")
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For somebody who comes back."""
        user = self._touchable(request, object_id)
        question = Question(title=_("Activate the employee"), submit=_("Activate"))

        def reopen(_data: dict[str, Any]) -> str:
            employees.set_active(user=user, active=True, by=actor(request))
            return str(_("The employee is active again."))

        return ask(self, request, question, [user], reopen)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """The one of the two that changes something; neither on one's own account."""
        user = self.get_object(request, str(object_id))
        left_out = {"activate" if user and user.is_active else "deactivate"}
        if user == request.user:
            left_out |= {"activate", "deactivate"}
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.action_name.rpartition("_")[2] not in left_out]

    def _touchable(self, request: HttpRequest, object_id: str) -> Any:
        user = found_or_404(self, request, object_id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        return user

    def _show(self, request: HttpRequest, user: User, password: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The temporary password of %(login)s") % {"login": user.username},
            "opts": self.opts,
            "employee": user,
            "password": password,
        }
        return TemplateResponse(request, "admin/lmis/password.html", context, headers={"Cache-Control": "no-store"})

    @display(description=_("phone"))
    def phone(self, user: User) -> str:
        """Where colleagues reach the employee."""
        profile = getattr(user, "profile", None)
        return profile.phone if profile else ""

    @display(description=_("Is the doctor"))
    def doctors(self, user: User) -> str:
        """For those who may only look: the name is Django's own way back from a doctor, which shows nothing."""
        return ", ".join(str(doctor) for doctor in user.doctors.all())

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
        """Permissions to screens and to what this site shows, in one statement; the others open nothing.

        But whatever a group has is offered, too: else saving a group would take that away unseen.
        """
        if db_field.name == "permissions":
            shown = Q(app_label="lmis", model="staffright")
            for model in self.admin_site._registry:
                shown |= Q(app_label=model._meta.app_label, model=model._meta.model_name)
            kinds = ContentType.objects.filter(shown).values("pk")
            held = Group.permissions.through.objects.values("permission")
            offered = Permission.objects.filter(Q(content_type__in=kinds) | Q(pk__in=held))
            kwargs["queryset"] = offered.select_related("content_type")
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "permissions":
            field.label_from_instance = _right_in_words
        return field


def _right_in_words(right: Permission) -> str:
    """Where it is and what it allows; Django itself keeps `Can add …` in the database, in English."""
    verb = VERBS.get(right.codename.removesuffix(f"_{right.content_type.model}"))
    return f"{right.content_type} | {verb or _t(right.name)}"


def _may_touch(request: HttpRequest, obj: Any) -> bool:
    return bool(request.user.is_superuser or not getattr(obj, "is_superuser", False))
