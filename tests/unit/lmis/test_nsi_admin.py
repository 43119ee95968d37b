"""Dictionaries in the admin, and the clinic's own directories beside them."""

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command

from lmis.actors import Actor
from lmis.models import CodeMapping, Dictionary, DictionaryCode, Position, Speciality
from lmis.nsi import POSITIONS, POSITIONS_OF_STAFF, SPECIALITIES
from lmis.services import nsi_directories, nsi_files
from tests.factories.staff import an_employee, page, said, statements

BY = Actor(label="admin")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loaded():
    call_command("load_nsi", *map(str, sorted(nsi_files.SHIPPED.glob("*.csv"))))


@pytest.fixture
def office(client):
    client.force_login(an_employee("administrator"))
    return client


def take(model, **filters):
    return nsi_directories.take_codes(entries=model.objects.filter(**filters), by=BY)


class TestTakingCodes:
    def test_by_name(self):
        post = Position.objects.create(name="Врач-Терапевт")
        taken = take(Position)
        post.refresh_from_db()
        assert (post.oid, post.code, post.name) == (POSITIONS, "109", "Врач-Терапевт")
        assert (taken.given, taken.unknown) == (1, [])
        assert LogEntry.objects.get_for_object(post).filter(additional_data={"by": "admin"}).count() == 1

    def test_what_no_dictionary_has_is_named_and_stays(self):
        post = Position.objects.create(name="врач-космонавт", oid="x", code="1")
        taken = take(Position)
        assert (taken.given, taken.unknown) == (0, ["врач-космонавт"])
        assert Position.objects.filter(pk=post.pk, oid="x", code="1").exists()

    def test_names_without_codes_give_none(self):
        """Specialities come without codes: they are known by name only."""
        Speciality.objects.create(name="Терапия")
        assert DictionaryCode.objects.of(SPECIALITIES).filter(name="Терапия", code="").exists()
        assert take(Speciality).unknown == ["Терапия"]

    def test_one_that_has_it_already_keeps_it(self):
        first = Position.objects.create(name="врач-терапевт")
        assert take(Position).given == 1
        Position.objects.create(name="ВРАЧ-ТЕРАПЕВТ")
        assert take(Position).given == 0
        assert Position.objects.get(code="109") == first

    def test_the_first_list_of_positions_before_the_second(self):
        second = Dictionary.objects.get(oid=POSITIONS)
        second.pk, second.oid = None, POSITIONS_OF_STAFF
        second.save()
        DictionaryCode.objects.create(dictionary=second, code="7", name="врач-терапевт")
        DictionaryCode.objects.create(dictionary=second, code="8", name="медсестра")
        Position.objects.create(name="врач-терапевт")
        Position.objects.create(name="медсестра")
        take(Position)
        found = set(Position.objects.values_list("oid", "code"))
        assert found == {(POSITIONS, "109"), (POSITIONS_OF_STAFF, "8")}

    def test_the_action_of_the_list(self, office):
        posts = [Position.objects.create(name=name) for name in ("врач-терапевт", "врач-космонавт")]
        data = {"action": "take_codes", "_selected_action": [post.pk for post in posts]}
        answer = office.post(page("lmis.position"), data)
        assert Position.objects.get(name="врач-терапевт").code == "109"
        assert "врач-космонавт" in " ".join(said(answer))


class TestPages:
    def test_what_was_loaded_is_shown_and_not_written(self, office):
        kept = Dictionary.objects.get(oid=POSITIONS)
        code = DictionaryCode.objects.get(dictionary=kept)
        assert kept.oid in office.get(page("lmis.dictionary")).content.decode()
        assert kept.source in office.get(page("lmis.dictionary", "change", kept.pk)).content.decode()
        assert "врач-терапевт" in office.get(page("lmis.dictionarycode") + "?q=терапевт").content.decode()
        for model, one in (("lmis.dictionary", kept), ("lmis.dictionarycode", code)):
            assert office.get(page(model, "change", one.pk)).status_code == 200
            assert office.post(page(model, "change", one.pk), {"name": "x"}).status_code == 403
            assert office.get(page(model, "add")).status_code == 403

    def test_a_code_of_a_region(self, office):
        data = {"region": "Н", "kind": "document", "region_code": "3", "oid": "F011", "code": "3", "source": "письмо"}
        assert office.post(page("lmis.codemapping", "add"), data).status_code == 302
        again = office.post(page("lmis.codemapping", "add"), data | {"code": "14"})
        assert again.status_code == 200
        assert CodeMapping.objects.get().code == "3"

    @pytest.mark.parametrize("model", ["lmis.dictionary", "lmis.dictionarycode", "lmis.codemapping"])
    def test_others_see_none_of_it(self, client, model):
        client.force_login(an_employee("registrar"))
        assert client.get(page(model)).status_code == 403

    def test_the_lists_cost_the_same_however_long(self, office):
        few = {model: statements(office, page(model)) for model in ("lmis.dictionary", "lmis.dictionarycode")}
        kept = Dictionary.objects.get(oid=POSITIONS)
        DictionaryCode.objects.bulk_create(
            DictionaryCode(dictionary=kept, code=f"x{number}", name="что-то") for number in range(40)
        )
        many = {model: statements(office, page(model)) for model in few}
        assert few == many
