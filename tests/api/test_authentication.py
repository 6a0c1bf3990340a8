"""Who calls: keys, their life, their scopes, their networks, their partner."""

from datetime import UTC, datetime, timedelta

import pytest

from issuing_portal.events.models import Event
from issuing_portal.partners import operations
from issuing_portal.partners.models import ApiKey
from tests.characters import STAGE_HAND

NOW = datetime.now(UTC)


def refused(answer) -> bool:
    return (answer.status_code, answer.code, answer.headers["WWW-Authenticate"]) == (401, "unauthenticated", 'Bearer realm="issuing-portal"')


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer nonsense", "Bearer ip_test_short", "ip_test_x", "Bearer schlüssel",
                                    "Bearer ip_test_" + "a" * 44, "Bearer ip_live_" + "a" * 44, "Bearer ip_test_" + "a" * 9000])
def test_without_a_genuine_key_there_is_a_401(acme, header):
    answer = acme.get("/v1/api_keys", Authorization=header)
    assert refused(answer)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["Request-Id"]


def test_every_sign_of_the_secret_counts(acme):
    last = "a" if acme.api_key[-1] != "a" else "b"
    assert refused(acme.with_key(acme.api_key[:-1] + last).get("/v1/api_keys"))
    assert refused(acme.with_key(acme.api_key + "a").get("/v1/api_keys"))


def test_a_key_of_the_other_mode_does_not_pass_as_this_one(acme):
    assert refused(acme.with_key(acme.api_key.replace("ip_test_", "ip_live_")).get("/v1/api_keys"))


def test_an_expired_key_is_refused(acme):
    caller = acme.key_with("api_keys:read", expires_at=NOW + timedelta(days=1))
    assert caller.get("/v1/api_keys").status_code == 200
    ApiKey.objects.filter(name="narrow").update(expires_at=NOW)
    assert refused(caller.get("/v1/api_keys"))


def test_a_revoked_key_is_refused_at_once(acme):
    caller = acme.key_with("api_keys:read")
    key = next(one for one in acme.get("/v1/api_keys").json()["data"] if one["name"] == "narrow")
    assert acme.post(f"/v1/api_keys/{key['id']}/revoke", {"reason": "left the company"}).json()["status"] == "revoked"
    assert refused(caller.get("/v1/api_keys"))
    assert acme.post(f"/v1/api_keys/{key['id']}/revoke", {}).code == "api_key_not_in_force"


def test_a_suspended_partner_is_refused_in_both_modes_and_comes_back(acme):
    operations.suspend_partner(partner_id=acme.partner.id, reason="unpaid bills", by=STAGE_HAND, now=NOW)
    assert refused(acme.get("/v1/api_keys"))
    assert refused(acme.live.get("/v1/api_keys"))
    operations.reactivate_partner(partner_id=acme.partner.id, reason="bills are paid", by=STAGE_HAND, now=NOW)
    assert acme.get("/v1/api_keys").status_code == 200


def test_reading_does_not_allow_writing_nor_one_resource_another(acme):
    reader = acme.key_with("api_keys:read")
    assert reader.get("/v1/api_keys").status_code == 200
    answer = reader.post("/v1/api_keys", {"name": "a", "scopes": ["api_keys:read"]})
    assert (answer.status_code, answer.code) == (403, "scope_missing")
    assert "api_keys:write" in answer.json()["detail"]
    assert reader.get("/v1/accounts").code == "scope_missing"


def test_writing_does_not_allow_reading(acme):
    assert acme.key_with("api_keys:write").get("/v1/api_keys").code == "scope_missing"


@pytest.mark.parametrize(("networks", "status"), [
    (("127.0.0.1/32",), 200), (("10.0.0.0/8", "127.0.0.0/8"), 200), (("203.0.113.0/24",), 401), (("::1/128",), 401), ((), 200)])
def test_a_key_works_from_its_networks_alone(acme, networks, status):
    assert acme.key_with("api_keys:read", allowed_networks=networks).get("/v1/api_keys").status_code == status


def test_a_forwarded_address_counts_behind_a_trusted_proxy_alone(acme, settings):
    caller = acme.key_with("api_keys:read", allowed_networks=("203.0.113.0/24",))
    assert caller.get("/v1/api_keys", X_Forwarded_For="203.0.113.7").status_code == 401
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert caller.get("/v1/api_keys", X_Forwarded_For="203.0.113.7").status_code == 200
    assert caller.get("/v1/api_keys", X_Forwarded_For="203.0.113.7, 198.51.100.1").status_code == 401
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "127.0.0.0/8"]
    assert caller.get("/v1/api_keys", X_Forwarded_For="203.0.113.7").status_code == 200
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert caller.get("/v1/api_keys", X_Forwarded_For="203.0.113.7").status_code == 401


def test_use_is_remembered_to_the_minute(acme):
    key = ApiKey.objects.get(lookup=acme.api_key[:20])
    assert key.last_used_at is None
    acme.get("/v1/api_keys")
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    acme.get("/v1/api_keys")
    assert ApiKey.objects.get(pk=key.pk).last_used_at == first
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=first - timedelta(minutes=1))
    acme.get("/v1/api_keys")
    assert ApiKey.objects.get(pk=key.pk).last_used_at >= first


def test_the_acting_user_enters_the_trail_without_a_card_number(acme):
    acme.post("/v1/api_keys", {"name": "a", "scopes": ["cards:read"]}, X_Acting_User="zoe 4242424242424242\u0007")
    event = Event.objects.filter(type="api_key.created", actor__kind="api_key").get()
    assert event.actor["acting_user"] == "zoe [card number]"
    assert event.actor["request_id"].startswith("req_")
