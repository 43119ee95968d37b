"""Views that do as little as possible, to test everything around them; `urlpatterns` makes this a URLconf."""

from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.response import Response

from lmis.api.fields import AwareDateTimeField, GuidField
from lmis.api.idempotency import Answer, write
from lmis.api.routing import api_path
from lmis.api.schema import errors
from lmis.api.views import ApiView
from lmis.models import Speciality


class Plain(ApiView):
    """Any client."""

    scope = None

    def get(self, request, **kwargs):
        return Response({"source": self.caller.source, "query": request.query_params.dict(), **kwargs})


class Scheduled(Plain):
    """A client with a scope."""

    scope = "schedule"


class WithPatient(ApiView):
    """A patient by either way."""

    scope = "appointments"
    bearer_allowed = True
    needs_patient = True

    def get(self, request):
        claims = self.caller.claims
        return Response({"person": claims.person_guid, "mkabs": claims.mkabs, "source": self.caller.source})


class DirectionPatient(WithPatient):
    """A patient, but only beside Basic."""

    bearer_allowed = False


class DocumentSerializer(serializers.Serializer):
    number = serializers.CharField(max_length=5)
    kind = serializers.ChoiceField(["passport", "polis"], required=False)


class PersonSerializer(serializers.Serializer):
    family = serializers.CharField()
    document = DocumentSerializer()


class BodySerializer(serializers.Serializer):
    slot = GuidField()
    person = PersonSerializer(required=False)
    people = PersonSerializer(many=True, required=False)
    codes = serializers.ListField(child=serializers.IntegerField(), required=False)
    at = AwareDateTimeField(required=False)
    anything = serializers.JSONField(required=False)


class Shaped(ApiView):
    """Validates a body; nothing else."""

    scope = None

    @errors("validation_error")
    def post(self, request):
        shape = BodySerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        return Response(shape.validated_data)

    def delete(self, request):
        return Response({"reason": request.data.get("reason")})


class Writing(ApiView):
    """Makes a row, through the wrapper of all API writes."""

    scope = None
    patient_key = ""

    def post(self, request):
        def work():
            # In bulk: without signals, so that it is one statement, whatever listens to saving.
            (made,) = Speciality.objects.bulk_create([Speciality(name=request.data["name"])])
            if request.data.get("fail"):
                raise RuntimeError("after the work")
            return Answer(201, {"id": made.pk, "name": made.name}, {"Location": f"/api/made/{made.pk}"})

        key = request.query_params.get("patient", self.patient_key)
        return write(request, principal=self.principal(request), patient_key=key, work=work)


class Raising(ApiView):
    """Raises what a test puts here."""

    scope = None
    error = None

    def get(self, request):
        raise self.error


class Large(ApiView):
    """More than is sent without compressing it."""

    scope = None

    def get(self, request):
        return HttpResponse(b"a" * 5000, headers={"ETag": '"tag"'})


class Reading(ApiView):
    """One statement."""

    scope = None

    def get(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Response({"message": _("Not found.")})


api = [
    api_path("plain", Plain.as_view(), "plain"),
    api_path("scheduled", Scheduled.as_view()),
    api_path("patient", WithPatient.as_view()),
    api_path("dir/patient", DirectionPatient.as_view()),
    api_path("shaped", Shaped.as_view()),
    api_path("writing", Writing.as_view()),
    api_path("raising", Raising.as_view()),
    api_path("large", Large.as_view()),
    api_path("reading", Reading.as_view()),
    api_path("things/<guid:guid>", Plain.as_view(), "thing"),
]
urlpatterns = [path("api/", include(api)), path("", include("lmis.ops.urls"))]
