"""`/v1/api_keys`: a key reaches no further than its maker, and what opens anything is shown once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from issuing_portal.partners.models import ApiKey
from issuing_portal.partners.scopes import SCOPES

SHOWN = {"id", "object", "livemode", "created_at", "updated_at", "name", "last4", "scopes", "allowed_networks", "rate_per_second", "status",
         "expires_at", "revoked_at", "last_used_at", "replaces", "replaced_by"}


def new_key(partner, **changes):
    answer = partner.post("/v1/api_keys", {"name": "app", "scopes": ["cards:read"]} | changes)
    assert answer.status_code == 201, answer
    return answer.json()


def test_a_new_key_works_and_shows_its_secret_once(acme):
    made = new_key(acme, scopes=["api_keys:read", "cards:read"])
    assert set(made) == SHOWN | {"secret"}
    assert made["secret"].startswith("ip_test_") and len(made["secret"]) == 52
    assert made["secret"].endswith(made["last4"])
    assert acme.with_key(made["secret"]).get("/v1/api_keys").status_code == 200
    shown = acme.get(f"/v1/api_keys/{made['id']}").json()
    assert set(shown) == SHOWN
    assert shown["scopes"] == ["cards:read", "api_keys:read"]


def test_no_table_keeps_the_secret(acme):
    secret = new_key(acme)["secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition")
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s OR t::text LIKE %s', [f"%{secret}%", f"%{secret[20:]}%"])
            assert cursor.fetchone()[0] == 0, table


def test_a_key_cannot_give_scopes_that_it_lacks(acme):
    maker = acme.key_with("api_keys:write", "cards:read")
    refused = maker.post("/v1/api_keys", {"name": "more", "scopes": ["cards:read", "cards:write"]})
    assert (refused.status_code, refused.code) == (403, "beyond_own_rights")
    assert new_key(maker, scopes=["cards:read"])["scopes"] == ["cards:read"]


def test_a_key_cannot_take_over_a_stronger_one_by_rotating_it(acme):
    strong = new_key(acme, scopes=list(SCOPES))
    refused = acme.key_with("api_keys:write").post(f"/v1/api_keys/{strong['id']}/rotate", {})
    assert (refused.status_code, refused.code) == (403, "beyond_own_rights")
    assert acme.get(f"/v1/api_keys/{strong['id']}").json()["status"] == "active"


def test_a_key_bound_to_networks_makes_none_that_is_freer(acme):
    maker = acme.key_with("api_keys:write", "cards:read", allowed_networks=("127.0.0.0/8",))
    for networks in ([], ["0.0.0.0/0"], ["::/0"], ["127.0.0.0/8", "10.0.0.0/8"]):
        refused = maker.post("/v1/api_keys", {"name": "free", "scopes": ["cards:read"], "allowed_networks": networks})
        assert (refused.status_code, refused.code) == (403, "beyond_own_rights")
    assert new_key(maker, allowed_networks=["127.0.0.1/32"])["allowed_networks"] == ["127.0.0.1/32"]


def test_a_test_key_makes_test_keys_and_a_live_key_live_ones(acme):
    assert new_key(acme)["secret"].startswith("ip_test_")
    made = new_key(acme.live)
    assert (made["livemode"], made["secret"][:8]) == (True, "ip_live_")
    assert acme.get(f"/v1/api_keys/{made['id']}").status_code == 404


@pytest.mark.parametrize(("changes", "field"), [
    ({"scopes": []}, "scopes"), ({"scopes": ["cards:fly"]}, "scopes[0]"), ({"scopes": "cards:read"}, "scopes"), ({"name": ""}, "name"),
    ({"name": "a" * 121}, "name"), ({"name": 7}, "name"), ({"name": "4242 4242 4242 4242"}, "name"), ({"name": "a\u0000b"}, "name"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"), ({"expires_at": "soon"}, "expires_at"),
    ({"allowed_networks": ["everywhere"]}, "allowed_networks"), ({"allowed_networks": ["300.1.1.1/8"]}, "allowed_networks"),
])
def test_refused_input_names_its_field(acme, changes, field):
    refused = acme.post("/v1/api_keys", {"name": "app", "scopes": ["cards:read"]} | changes)
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (422, [field])


def test_an_expiry_ends_the_key(acme):
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = new_key(acme, scopes=["api_keys:read"], expires_at=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
    caller = acme.with_key(made["secret"])
    assert caller.get("/v1/api_keys").status_code == 200
    with time_machine.travel(soon + timedelta(seconds=1), tick=False):
        assert caller.get("/v1/api_keys").status_code == 401


def test_rotation_leaves_both_keys_for_the_overlap(acme):
    old = new_key(acme, scopes=["api_keys:read"], allowed_networks=["127.0.0.1/32"])
    new = acme.post(f"/v1/api_keys/{old['id']}/rotate", {"overlap_seconds": 60})
    assert new.status_code == 200
    new = new.json()
    assert (new["replaces"], new["scopes"], new["allowed_networks"], new["status"]) == (old["id"], old["scopes"], old["allowed_networks"], "active")
    shown = acme.get(f"/v1/api_keys/{old['id']}").json()
    assert (shown["status"], shown["replaced_by"]) == ("rotating", new["id"])
    for secret in (old["secret"], new["secret"]):
        assert acme.with_key(secret).get("/v1/api_keys").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=False):
        assert acme.with_key(old["secret"]).get("/v1/api_keys").status_code == 401
        assert acme.with_key(new["secret"]).get("/v1/api_keys").status_code == 200
    assert acme.post(f"/v1/api_keys/{old['id']}/rotate", {}).code == "api_key_already_rotated"


def test_a_rotation_without_overlap_ends_the_old_key_at_once(acme):
    old = new_key(acme, scopes=["api_keys:read"])
    new = acme.post(f"/v1/api_keys/{old['id']}/rotate", {"overlap_seconds": 0}).json()
    assert acme.with_key(old["secret"]).get("/v1/api_keys").status_code == 401
    assert acme.with_key(new["secret"]).get("/v1/api_keys").status_code == 200


@pytest.mark.parametrize("seconds", [-1, 604_801, "soon", 1.5])
def test_an_overlap_is_zero_to_seven_days(acme, seconds):
    old = new_key(acme)
    refused = acme.post(f"/v1/api_keys/{old['id']}/rotate", {"overlap_seconds": seconds})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "overlap_seconds")


def test_a_rotation_replayed_shows_no_secret_and_makes_no_third_key(acme):
    old = new_key(acme)
    first = acme.post(f"/v1/api_keys/{old['id']}/rotate", {}, key="rotate-1").json()
    again = acme.post(f"/v1/api_keys/{old['id']}/rotate", {}, key="rotate-1").json()
    assert again == first | {"secret": None}
    assert ApiKey.objects.filter(replaces__isnull=False).count() == 1


def test_a_rival_sees_and_moves_no_key(acme, globex):
    key = new_key(acme)
    assert globex.get(f"/v1/api_keys/{key['id']}").status_code == 404
    for verb in ("rotate", "revoke"):
        assert globex.post(f"/v1/api_keys/{key['id']}/{verb}", {}).status_code == 404
    assert key["id"] not in json.dumps(globex.get("/v1/api_keys").json())
    assert acme.get(f"/v1/api_keys/{key['id']}").json()["status"] == "active"
