"""Connection requests: what the region needs to know of an LPU of ours, to check, complete and print."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lmis.exceptions import Refusal
from lmis.models import Lpu
from lmis.screens.views import Screen
from lmis.services import connections


class ContactsForm(forms.ModelForm):
    """Whom the region calls, and where this system answers."""

    class Meta:
        model = Lpu
        fields = connections.CONTACTS
        field_classes = {"entry_point": forms.URLField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry_point"] = forms.URLField(
            label=_("Entry point, if another than this address"), required=False, assume_scheme="https"
        )


class Connections(Screen):
    """The LPUs of ours, each with what is still missing in its request."""

    right = "lmis.manage_connections"
    template = "screens/administration/connections.html"
    title = _("Connection requests")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list; with a single LPU its request at once."""
        if len(self.lpus) == 1:
            return HttpResponseRedirect(reverse("screens:connection_request", args=[self.lpus[0].pk]))
        return self.render({"requests": connections.requests_of(lpus=self.lpus, base_url=base_url(request))})


class ConnectionRequest(Screen):
    """One request: the contacts to complete, and beside them the sheet that is printed."""

    right = "lmis.manage_connections"
    template = "screens/administration/request.html"
    title = _("Connection request")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The sheet."""
        lpu = self._lpu(pk)
        return self._show(lpu, ContactsForm(instance=lpu))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The contacts are kept on the LPU."""
        form = ContactsForm(request.POST, instance=self._lpu(pk))
        if not form.is_valid():
            return self._show(self._lpu(pk), form, status=422)
        values = {name: form.cleaned_data[name] for name in connections.CONTACTS}
        done = self.act(lambda: connections.keep_contacts(lpu=form.instance, values=values, by=self.by))
        if isinstance(done, Refusal):
            form.add_error(None, done.said)
            return self._show(self._lpu(pk), form, status=409)
        messages.success(request, gettext("The contacts are saved."))
        return HttpResponseRedirect(request.path)

    def _lpu(self, pk: int) -> Lpu:
        """One of ours."""
        found = next((lpu for lpu in self.lpus if lpu.pk == pk), None)
        if found is None:
            raise Http404
        return found

    def _show(self, lpu: Lpu, form: ContactsForm, status: int = 200) -> HttpResponse:
        (shown,) = connections.requests_of(lpus=[lpu], base_url=base_url(self.request))
        context = {"form": form, "sheet": shown, "lpu": lpu, "methods": connections.METHODS}
        return self.render(context, status=status)


def base_url(request: HttpRequest) -> str:
    """Where the API answers, as seen from here."""
    return request.build_absolute_uri("/api")
