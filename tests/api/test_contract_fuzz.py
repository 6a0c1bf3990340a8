"""schemathesis over the document with a full-scope key: no 5xx, no answer that the document does not know.

Seeded, so that a failure repeats. Each case is rolled back; half of them meet objects that are there.
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.characters import PartnerClient
from tests.processor import clear, tap

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, response_headers_conformance]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
"""Per operation and mode: four keep the run within a minute and a half; FUZZ_EXAMPLES=50 digs deeper."""
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A request of a real server begins and ends by looking after old connections: not inside the transaction of a test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def things(acme: PartnerClient) -> dict[str, str]:
    """One of each, by the names that addresses and bodies give them."""
    card = acme.active_card()
    approved = tap(acme, card["id"], 700, network_reference="fuzz-1")
    clear(acme, "fuzz-1", 300)
    case = acme.post("/v1/kyc_cases", {"cardholder": acme.cardholder()["id"]}).json()
    ids = {"account": card["account"], "card": card["id"], "cardholder": card["cardholder"], "case": case["id"], "programme": acme.programme_id,
           "authorisation": approved["authorisation"], "key": acme.get("/v1/api_keys").json()["data"][-1]["id"],
           "transaction": acme.get("/v1/transactions").json()["data"][0]["id"], "event": acme.get("/v1/events").json()["data"][0]["id"]}
    return ids | {f"{name}_id": value for name, value in ids.items()} | {"to": acme.account()["id"]}


def meet(case: Any, things: dict[str, str], chance: random.Random) -> None:
    """Put ids of things that are there into half of the cases."""
    if chance.random() < 0.5:
        return
    case.path_parameters = {name: things.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if isinstance(case.body, dict):
        case.body = {name: things[name] if name in things and isinstance(value, str) else value for name, value in case.body.items()}
        if "currency" in case.body and chance.random() < 0.8:
            case.body["currency"] = "GBP"


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.slow
def test_no_answer_leaves_the_document(acme: PartnerClient, things: dict[str, str], one_connection: None) -> None:
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", get_wsgi_application())
    chance = random.Random(20261123)
    wrong, statuses = [], set()
    for operation in operations(schema):
        for mode in MODES:
            try:
                drive(operation, mode, acme, things, chance, statuses)
            except BaseExceptionGroup as found:
                wrong.append(f"{operation.method.upper()} {operation.path} ({mode.value})\n" + "\n".join([str(found), *map(str, found.exceptions)]))
    assert not wrong, "\n\n".join(wrong)
    assert {200, 201, 404, 422} <= statuses


def drive(operation: Any, mode: GenerationMode, acme: PartnerClient, things: dict[str, str], chance: random.Random, statuses: set[int]) -> None:
    """EXAMPLES cases of one operation. Raises what schemathesis finds."""

    @seed(20261123)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        meet(case, things, chance)
        with transaction.atomic():
            answer = case.call_and_validate(headers={"Authorization": f"Bearer {acme.api_key}"}, checks=CHECKS)
            statuses.add(answer.status_code)
            transaction.set_rollback(True)

    run()
