"""Holding what is made without a serializer against the serializer that documents it."""

import datetime as dt

from rest_framework import serializers


def conforms(field, value):
    """Whether a value made elsewhere is what this serializer field documents, no more and no less."""
    if value is None:
        return field.allow_null
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return isinstance(value, list) and all(conforms(field.child, one) for one in value)
    if isinstance(field, serializers.Serializer):
        return list(value) == list(field.fields) and all(conforms(field.fields[name], value[name]) for name in value)
    field.run_validation(value)
    if isinstance(field, serializers.DateTimeField):
        return dt.datetime.fromisoformat(value).tzinfo is not None
    return isinstance(value, {serializers.BooleanField: bool, serializers.IntegerField: int}.get(type(field), str))
