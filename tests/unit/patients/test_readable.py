"""What the MIP wrote of a card may name the patient: it is for whoever may see that card, not any card."""

import pytest
from django.urls import reverse

from lmis.models import AccessRecord
from patients.models import CardUpload
from tests.factories import cast
from tests.factories.staff import an_employee
from tests.factories.waiting import booked

pytestmark = pytest.mark.django_db
LIST = "/admin/exchange/cards/?state=rejected&code=validation_error"


def rejected(lpu):
    """A card of which the MIP wrote by name."""
    card = cast.a_patient(lpu)
    found = CardUpload.objects.filter(pk=card.pk)
    found.update(state="rejected", error_code="validation_error", error_text=f"{card.family}: не из букв")
    return card


def test_a_doctor_who_minds_the_exchange_reads_only_of_own_patients(client):
    lpu = cast.an_lpu()
    user = an_employee("doctor", "operator")
    own, strangers = rejected(lpu), rejected(lpu)
    booked(cast.a_slot(cast.a_doctor(lpu, user=user)), own)
    client.force_login(user)
    page = client.get(LIST).content.decode()
    assert (own.family in page, strangers.family in page) == (True, False)
    assert own.card_number in page
    assert strangers.card_number in page
    assert AccessRecord.objects.get().card == own.guid
    for card, reads in ((own, True), (strangers, False)):
        address = reverse("admin:patients_cardupload_change", args=[card.pk])
        assert (card.family in client.get(address).content.decode()) == reads
    assert set(AccessRecord.objects.values_list("card", flat=True)) == {own.guid}
