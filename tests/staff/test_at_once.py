"""Many hands at once: one code is one sign-in, one proposal is decided once. Each with a negative control where there is a guard to switch off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone

from issuing_portal.core.errors import DomainError
from issuing_portal.staff import operations, proposals
from issuing_portal.staff.models import Grant, Role
from issuing_portal.staff.operations import Circumstances
from tests.people import by, code, person, roleless

HANDS = 8


def at_once(act: Callable[[], Any]) -> list[Any]:
    """The answers of eight threads that begin together; a refusal is an answer too."""
    barrier = Barrier(HANDS)

    def one(_: int) -> Any:
        barrier.wait(timeout=10)
        try:
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(one, range(HANDS)))


def test_one_code_is_one_sign_in_however_many_send_it(committed_db):
    user, shown = person(Role.AUDITOR), code()
    actor, where = by(user), Circumstances("127.0.0.1", "test")
    checks = at_once(lambda: operations.sign_in(user_id=user.pk, code=shown, circumstances=where, by=actor, now=timezone.now()))
    assert [check.device is not None for check in checks].count(True) == 1


def test_without_the_row_lock_the_same_code_opens_more_than_once(committed_db, monkeypatch):
    """The negative control: the guard off, and the race happens."""
    user, shown = person(Role.AUDITOR), code()
    actor, where = by(user), Circumstances("127.0.0.1", "test")
    barrier, verify = Barrier(HANDS), operations.factors.Authenticator.verify_token

    def all_have_read(device: Any, token: str) -> bool:
        barrier.wait(timeout=10)
        return verify(device, token)

    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    monkeypatch.setattr(operations.factors.Authenticator, "verify_token", all_have_read)
    checks = at_once(lambda: operations.sign_in(user_id=user.pk, code=shown, circumstances=where, by=actor, now=timezone.now()))
    assert [check.device is not None for check in checks].count(True) > 1


def test_a_proposal_is_carried_out_once_however_many_approve(committed_db):
    adam, eva = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR, email="eva@issuing.test")
    nora = roleless()
    proposal = operations.propose_grant(user_id=nora.pk, role=Role.ANALYST, programme_ids=None, valid_until=None, reason="joins",
                                        by=by(adam), now=timezone.now())
    actor = by(eva)
    answers = at_once(lambda: proposals.approve_proposal(
        proposal_id=proposal.pk, payload_hash=proposal.payload_hash, by=actor, now=timezone.now()))
    assert [isinstance(answer, DomainError) for answer in answers].count(False) == 1
    assert Grant.objects.filter(user=nora, role=Role.ANALYST).count() == 1


@pytest.mark.parametrize("_attempt", range(3))
def test_two_administrators_cannot_shut_each_other_out_at_the_same_time(committed_db, _attempt):
    adam, eva = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR, email="eva@issuing.test")
    barrier = Barrier(2)

    def shut_out(pair: Any) -> bool:
        maker, other = pair
        actor = by(maker)
        assert actor.may("staff.deactivate", None)
        barrier.wait(timeout=10)
        try:
            operations.deactivate_user(user_id=other.pk, reason="a quarrel", by=actor, now=timezone.now())
        except DomainError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(shut_out, [(adam, eva), (eva, adam)]))
    assert done.count(True) == 1
