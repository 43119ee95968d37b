"""What every list and form of the staff's site has in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from lmis.actors import Actor
from lmis.admin.history import HistoryMixin
from lmis.admin.words import WHO, RefusedMixin, in_words
from lmis.exceptions import Refusal
from lmis.services.transactions import run_write

COUNT_UP_TO = 10_000


class CappedPaginator(Paginator):
    """Counts no further than 10,000 rows: a list of a million opens as fast, and is narrowed by filters anyway."""

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through; one bounded statement."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:COUNT_UP_TO].count()


class LmisChangeList(ChangeList):
    """Offers "show all" only where it would show more."""

    def get_results(self, request: HttpRequest) -> None:
        """Without a count of everything the template cannot tell; a list with a landing would only land again."""
        super().get_results(request)
        if not (self.query or self.has_active_filters) or self.model_admin.landing():
            self.full_result_count = self.result_count


class LmisModelAdmin(HistoryMixin, ModelAdmin):
    """A list without slow counts; a form whose saving is one short transaction and writes only what changed.

    A service may refuse from `save_model`: the form is then shown again as it was filled in, with the refusal's text.
    Deleting many at once is not offered.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count of everything for every choice of every filter
    list_per_page = 50
    list_max_show_all = 0
    list_disable_select_all = True
    list_filter_submit = True
    warn_unsaved_form = True
    list_sections = ()  # asked for in every row; see `lmis.admin.navigation` on looking in vain
    readonly_preprocess_fields = WHO

    def landing(self) -> dict[str, str]:
        """What a list is narrowed to until somebody asks for something else: parameters of its URL."""
        return {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; without a question in the URL the one it lands on, so that a long past is not read for nothing."""
        landing = self.landing()
        if landing and request.method == "GET" and all(name.startswith("_") for name in request.GET):
            return HttpResponseRedirect(f"{request.path}?{urlencode({**request.GET.dict(), **landing})}")
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form; a refusal undoes the whole saving first, and only then is shown."""

        def show() -> Any:
            return super(LmisModelAdmin, self).changeform_view(request, object_id, form_url, extra_context)

        if request.method != "POST":
            return show()
        try:
            return run_write(show, retries=0)
        except (Refusal, ValidationError, IntegrityError) as error:
            request.refusal = in_words(error)  # type: ignore[attr-defined]
            return show()

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Deleting one; when it cannot be done now, that is said and nothing is deleted."""

        def show() -> HttpResponse:
            return super(LmisModelAdmin, self).delete_view(request, object_id, extra_context)

        if request.method != "POST":
            return show()
        try:
            return run_write(show, retries=0)
        except (Refusal, IntegrityError) as error:
            messages.error(request, " ".join(in_words(error).messages))
            return HttpResponseRedirect(request.get_full_path())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which says the refusal of the saving that was just undone."""
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else type("RefusedForm", (RefusedMixin, form), {"refusal": refusal})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the changed columns only: somebody else may have changed another one meanwhile."""
        if not change:
            obj.save()
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        if changed:
            obj.save(update_fields=changed)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Ours."""
        return LmisChangeList

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The list's actions, without Django's deletion of all that is ticked."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A list of choices as boxes to tick; an address without its scheme is meant to be https."""
        if isinstance(db_field, models.URLField):
            kwargs.setdefault("assume_scheme", "https")
        choices = db_field.base_field.choices if isinstance(db_field, ArrayField) else None
        if not choices:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.MultipleChoiceField(
            choices=choices,
            label=capfirst(db_field.verbose_name),
            required=not db_field.blank,
            initial=db_field.default,
            help_text=db_field.help_text,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )


class RowsInline(TabularInline):
    """A table of rows. Its fields have no labels but the heads of the columns, so each is also called by its column."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field, with its name for those who cannot see the head."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(field.label))
        return field


class ReadOnlyAdmin(LmisModelAdmin):
    """A list and a page to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def actor(request: HttpRequest) -> Actor:
    """The employee, as the `by` of a service call."""
    assert isinstance(request.user, User)  # the site lets nobody else in
    return Actor.of_user(request.user)
