"""The lock door: the same keys in every process, one order, never outside a transaction."""

import subprocess
import sys
from uuid import UUID

import pytest
from django.db import connection, transaction

from directions.locks import direction_keys
from patients.locks import identity_keys, lock_identities
from tests.factories.patients import an_info
from tests.statements import statements

LPU = UUID("1dadf64c-f34a-4023-98a6-3e7b7be4f243")
OTHER = UUID("2dadf64c-f34a-4023-98a6-3e7b7be4f243")


def keys(lpu=LPU, **papers):
    return identity_keys(lpu_guid=lpu, info=an_info(**papers))


def test_one_key_for_each_paper_sorted():
    both = keys(polis=("", "1"), document=("2", "3"))
    assert both == sorted(keys(polis=("", "1")) + keys(document=("2", "3")))
    assert len(both) == 2


def test_no_paper_no_key():
    assert keys() == keys(polis=("АБ", "-"), document=("4510", "")) == []


def test_spelling_and_the_series_of_a_polis_do_not_matter():
    assert keys(polis=("АБ", "12-34")) == keys(polis=("", "1234"))
    assert keys(document=("I жа", "1")) == keys(document=("i-ЖА", "1"))


def test_whatever_makes_another_identity_makes_another_key():
    papers = [{"polis": ("", "1")}, {"polis": ("", "2")}, {"document": ("", "1")}, {"document": ("1", "1")}]
    made = [key for paper in papers for lpu in (LPU, OTHER) for key in keys(lpu=lpu, **paper)]
    assert len(set(made)) == 8


def test_keys_fit_into_a_bigint_and_come_after_those_of_directions():
    made = [key for number in range(200) for key in keys(polis=("", str(number)))]
    assert all(0 <= key < 2**63 for key in made)
    assert max(direction_keys(LPU, OTHER, "1")) < min(made)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("given", "keys"), [("1100ms", [3, 1, 2]), ("2s", [1]), ("0", [1, 2])])
def test_how_long_a_lock_is_waited_for_is_as_before(given, keys):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{given}'")
        lock_identities(keys)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (given,)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (len(keys),)


def test_another_process_makes_the_same_keys():
    code = (
        "import django; django.setup()\n"
        "from uuid import UUID; from patients.locks import identity_keys\n"
        "from patients.info import PatientInfo, Polis\n"
        f"print(identity_keys(lpu_guid=UUID('{LPU}'), info=PatientInfo(polis=Polis('', '1'))))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(keys(polis=("", "1")))


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_there_is_no_lock():
    with pytest.raises(RuntimeError):
        lock_identities([1])


@pytest.mark.django_db(transaction=True)
def test_one_statement_in_ascending_order_and_let_go_at_the_end():
    with transaction.atomic(), statements() as found:
        lock_identities([3, 1, 2, 1])
        assert held() == {1, 2, 3}
    assert "{1,2,3}" in found[0].replace(" ", "") or "[1,2,3]" in found[0].replace(" ", "")
    assert len(found) == 2  # the second is ours, below
    assert held() == set()


@pytest.mark.django_db
def test_nothing_to_lock_asks_nothing():
    with statements() as found:
        lock_identities([])
    assert found == []


def held():
    with connection.cursor() as cursor:
        cursor.execute("SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'")
        return {row[0] for row in cursor.fetchall()}
