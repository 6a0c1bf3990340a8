"""Real threads, real commits, real kills."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from issuing_portal.idempotency import operations
from issuing_portal.idempotency.models import StoredAnswer
from issuing_portal.idempotency.operations import Answer, Asked, KeyInFlight
from issuing_portal.ledger.models import Account
from issuing_portal.ledger.operations import accounts
from tests.characters import STAGE_HAND, PartnerClient

ROOT = Path(__file__).resolve().parents[2]


def customers() -> int:
    return Account.objects.filter(kind="customer").count()


def open_account(partner: PartnerClient, key: str):
    return partner.post("/v1/accounts", {"programme": partner.programme_id, "currency": "GBP"}, key=key)


def in_threads(count: int, work) -> list:
    """`work()` in `count` threads that start together; each closes its connection."""
    gate = threading.Barrier(count)

    def one(_):
        try:
            gate.wait(timeout=20)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def other_connection() -> psycopg.Connection:
    default = connection.settings_dict
    return psycopg.connect(host=default["HOST"], port=default["PORT"], user=default["USER"], password=default["PASSWORD"], dbname=default["NAME"])


def test_twenty_at_once_have_one_effect(committed_db, acme):
    answers = in_threads(20, lambda: open_account(acme, "at-once"))
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}
    assert codes[201] >= 1
    assert {answer.code for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_flight"}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert customers() == 1
    assert open_account(acme, "at-once").headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "negative control"])
def test_the_lock_is_what_keeps_the_second_out(committed_db, acme, monkeypatch, guarded):
    if not guarded:
        monkeypatch.setattr(operations, "_lock", lambda asked: None)
    asked = Asked(partner_id=acme.partner.id, livemode=False, key="guard", method="POST", path="/v1/x", body={})
    inside, enough = [], threading.Barrier(2)

    def run() -> Answer:
        inside.append(threading.get_ident())
        with contextlib.suppress(threading.BrokenBarrierError):  # broken: nobody else came in, the guard holds
            enough.wait(timeout=1)
        return Answer(status=200, body={})

    def ask():
        try:
            return operations.answer_once(asked, run=run, by=STAGE_HAND, now=timezone.now())
        except (KeyInFlight, IntegrityError) as refusal:
            return type(refusal).__name__

    results = in_threads(2, ask)
    assert len(inside) == (1 if guarded else 2)
    assert StoredAnswer.objects.count() == 1
    assert ("KeyInFlight" in results) or not guarded


def test_a_request_still_running_is_told_so(committed_db, acme):
    asked = Asked(partner_id=acme.partner.id, livemode=False, key="slow", method="POST", path="/v1/accounts", body={})
    with other_connection() as running:
        running.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [operations._lock_text(asked), operations.LOCK_SEED])
        refused = open_account(acme, "slow")
        assert (refused.status_code, refused.code) == (409, "idempotency_key_in_flight")
        running.rollback()
    assert open_account(acme, "slow").status_code == 201


KILLED = """
    import json, os, signal, sys
    import django
    django.setup()
    from django.test import Client
    from issuing_portal.api.views import ApiView
    from issuing_portal.idempotency import operations

    def die(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    moment, token, programme = sys.argv[1:]
    if moment == "answer":
        ApiView.finalize_response = die
    else:
        store = operations._store
        operations._store = lambda *args: (store(*args), die())
    Client().post("/v1/accounts", json.dumps({"programme": programme, "currency": "GBP"}), "application/json",
                  headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "killed"})
"""


def killed_process(acme: PartnerClient, moment: str) -> int:
    """A process of its own takes the request and is killed by signal 9 at `moment`; returns its exit status."""
    default = connection.settings_dict
    url = f"postgres://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), moment, acme.api_key, acme.programme_id], cwd=ROOT, timeout=60,
                          env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "issuing_portal.settings"}, check=False)
    return done.returncode


def retried(acme: PartnerClient):
    """The same request again, as a client does: while the server still thinks that it is running, ask again (bounded)."""
    for _ in range(100):
        answer = open_account(acme, "killed")
        if answer.status_code != 409:
            return answer
        threading.Event().wait(0.05)
    return answer


def test_killed_between_effect_and_answer_the_retry_gets_the_first_answer(committed_db, acme):
    assert killed_process(acme, "answer") == -signal.SIGKILL
    assert customers() == 1
    again = retried(acme)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert customers() == 1


def test_killed_before_commit_nothing_happened_and_the_retry_does_it(committed_db, acme):
    assert killed_process(acme, "commit") == -signal.SIGKILL
    assert customers() == 0
    again = retried(acme)
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers
    assert customers() == 1


def test_a_lost_database_connection_is_a_503_and_the_retry_does_it(committed_db, acme, monkeypatch):
    """The backend of this very request is terminated after its effect and before its commit."""
    opened = accounts.record

    def record_and_lose(*args, **kwargs):
        opened(*args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        with other_connection() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "record", record_and_lose)
        lost = open_account(acme, "lost")
    assert (lost.status_code, lost.code) == (503, "unavailable")
    assert lost.headers["Retry-After"] == "1"
    connection.close()
    assert customers() == 0
    assert open_account(acme, "lost").status_code == 201
    assert customers() == 1
