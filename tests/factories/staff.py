"""Employees, and what tests of their site need."""

import contextlib

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.cast import next_number


@contextlib.contextmanager
def refused(*errors):
    """The block ends with one of these, and with it its transaction, as a caller's does."""
    with pytest.raises(errors) as caught, transaction.atomic():
        yield caught


def an_employee(*groups, **fields):
    """Somebody who may enter the staff's site, in these groups."""
    user = User.objects.create_user(f"employee{next_number()}", password="a long password", is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def page(model, verb="changelist", *args):
    """The address of a page: `page("appointments.slot", "change", slot.pk)`."""
    return reverse(f"admin:{model.replace('.', '_')}_{verb}", args=args)


def said(response):
    """The messages that the employee is shown."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def statements(client, url):
    """How many SQL statements this page takes."""
    with CaptureQueriesContext(connection) as context:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    return len(context)
