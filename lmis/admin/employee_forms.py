"""The forms of an employee's account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminTextInputWidget,
)

from lmis.models import Doctor, EmployeeProfile
from lmis.services.groups import label_of


class GroupsField(forms.ModelMultipleChoiceField):
    """Groups by the names that people read, as boxes to tick."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, obj: Any) -> str:
        """Translated."""
        return label_of(obj.name)


class EmployeeForm(forms.ModelForm):
    """What an account has, and what is kept beside it."""

    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=64,
        help_text=EmployeeProfile._meta.get_field("phone").help_text,
        widget=UnfoldAdminTextInputWidget,
    )
    doctors = forms.ModelMultipleChoiceField(
        Doctor.objects.none(),
        label=_("Is the doctor"),
        required=False,
        help_text=_("For a doctor's account: whose schedule and patients it sees. Several for several positions."),
        widget=UnfoldAdminSelect2MultipleWidget,
    )
    groups = GroupsField(
        Group.objects.order_by("name"),
        label=_("Groups"),
        required=False,
        help_text=_("Which screens and buttons the employee has. The table of rights shows what each group may do."),
    )

    class Meta:
        model = User
        fields = ["last_name", "first_name", "email", "username", "is_superuser", "groups"]
        help_texts = {"username": "", "is_superuser": _("May do everything, without any group.")}
        labels = {"username": _("Login")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.instance if self.instance.pk else None
        free = Q(user=None, is_active=True) | (Q(user=user) if user else Q())
        doctors: Any = self.fields["doctors"]
        doctors.queryset = Doctor.objects.filter(free).select_related("speciality")
        if user:
            self.initial["doctors"] = list(Doctor.objects.filter(user=user).values_list("pk", flat=True))
            profile = getattr(user, "profile", None)
            self.initial["phone"] = profile.phone if profile else ""


class NewEmployeeForm(EmployeeForm):
    """The login may be left to us."""

    username = forms.CharField(
        label=_("Login"),
        required=False,
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("Leave it blank: it is made of the surname. It cannot be read by patients."),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta(EmployeeForm.Meta):
        fields = ["last_name", "first_name", "email", "username", "groups"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("last_name", "first_name", "groups"):
            if name in self.fields:
                self.fields[name].required = True

    def clean_username(self) -> str:
        """One that nobody has, in whatever case."""
        username: str = self.cleaned_data["username"]
        if username and User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(
                _("This login is in use. Leave the field blank to get a free one."), code="taken"
            )
        return username
