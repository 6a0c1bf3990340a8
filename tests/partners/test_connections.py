"""Processor connections: sealed secrets, both in force during a rotation, none after closing."""

from datetime import UTC, datetime, timedelta

import pytest

from issuing_portal.core.crypto import CannotDecrypt
from issuing_portal.core.errors import InvalidInput
from issuing_portal.core.ids import parse_id
from issuing_portal.partners import operations, queries
from issuing_portal.partners.models import ProcessorConnection
from tests.characters import STAGE_HAND

NOW = datetime.now(UTC)


@pytest.fixture
def connection(acme) -> ProcessorConnection:
    return ProcessorConnection.objects.get(pk=parse_id("processor_connection", acme.connection))


def test_the_secret_is_sealed_and_opens_for_its_row_alone(acme, connection):
    assert acme.secret not in connection.secret_sealed
    assert queries.connection_secrets(connection.pk, NOW) == [acme.secret]
    other = ProcessorConnection.objects.exclude(pk=connection.pk).get()
    ProcessorConnection.objects.filter(pk=other.pk).update(secret_sealed=connection.secret_sealed)
    with pytest.raises(CannotDecrypt):
        queries.connection_secrets(other.pk, NOW)


def test_both_secrets_count_until_the_overlap_ends(acme, connection):
    _, new = operations.rotate_processor_secret(connection_id=connection.pk, overlap=timedelta(hours=1), by=STAGE_HAND, now=NOW)
    assert queries.connection_secrets(connection.pk, NOW) == [new, acme.secret]
    assert queries.connection_secrets(connection.pk, NOW + timedelta(hours=1)) == [new]


def test_without_an_overlap_the_old_secret_is_gone(acme, connection):
    _, new = operations.rotate_processor_secret(connection_id=connection.pk, overlap=timedelta(0), by=STAGE_HAND, now=NOW)
    assert queries.connection_secrets(connection.pk, NOW) == [new]
    with pytest.raises(InvalidInput):
        operations.rotate_processor_secret(connection_id=connection.pk, overlap=timedelta(days=8), by=STAGE_HAND, now=NOW)


def test_a_closed_or_unknown_connection_has_no_secret(acme, connection):
    operations.close_connection(connection_id=connection.pk, reason="moved away", by=STAGE_HAND, now=NOW)
    assert queries.connection_secrets(connection.pk, NOW) == []
    assert queries.connection_in_force(acme.partner.pk, now=NOW) is None
    with pytest.raises(operations.ConnectionClosed):
        operations.rotate_processor_secret(connection_id=connection.pk, overlap=timedelta(0), by=STAGE_HAND, now=NOW)
