"""Lists: newest first, by cursor, stable while rows are being added."""

import base64
import json

import pytest


def walk(partner, query: str = "limit=3", between=lambda: None) -> list[str]:
    """Every id of a list, page by page; `between` happens after each page."""
    seen, cursor = [], ""
    for _ in range(50):
        page = partner.get(f"/v1/accounts?{query}{cursor}").json()
        assert set(page) == {"data", "has_more", "next_cursor"}
        assert page["has_more"] == (page["next_cursor"] is not None)
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            return seen
        cursor = f"&cursor={page['next_cursor']}"
        between()
    raise AssertionError("the list has no end")


def test_pages_are_newest_first_and_leave_nothing_out(acme):
    made = [acme.account()["id"] for _ in range(8)]
    assert walk(acme) == made[::-1]


def test_an_exact_last_page_says_that_it_is_the_last(acme):
    made = [acme.account()["id"] for _ in range(6)]
    assert walk(acme) == made[::-1]


def test_rows_added_between_the_pages_move_nothing(acme):
    made = [acme.account()["id"] for _ in range(8)]
    assert walk(acme, between=acme.account) == made[::-1]


def test_an_empty_list(acme):
    assert acme.get("/v1/accounts").json() == {"data": [], "has_more": False, "next_cursor": None}


def test_twenty_by_default_and_a_hundred_at_most(acme):
    for _ in range(22):
        acme.account()
    assert len(acme.get("/v1/accounts").json()["data"]) == 20
    assert len(acme.get("/v1/accounts?limit=100").json()["data"]) == 22
    assert acme.get("/v1/accounts?limit=101").status_code == 422


def test_a_filter_holds_over_the_pages(acme):
    made = []
    for number in range(8):
        account = acme.account()["id"]
        if number % 2:
            acme.post(f"/v1/accounts/{account}/close", {})
        else:
            made.append(account)
    assert walk(acme, "limit=3&status=open") == made[::-1]


def test_times_bound_a_list(acme):
    first, second = acme.account(), acme.account()
    assert [row["id"] for row in acme.get(f"/v1/accounts?created_at_gte={second['created_at']}").json()["data"]] == [second["id"]]
    assert [row["id"] for row in acme.get(f"/v1/accounts?created_at_lt={second['created_at']}").json()["data"]] == [first["id"]]


def test_a_cursor_of_a_rival_shows_nothing_of_hers(acme, globex):
    hers = [globex.account()["id"] for _ in range(3)]
    cursor = globex.get("/v1/accounts?limit=1").json()["next_cursor"]
    assert not set(hers) & set(json.dumps(acme.get(f"/v1/accounts?cursor={cursor}").json()).split('"'))


@pytest.mark.parametrize("cursor", ["x", "a" * 22, "a" * 65, "!" * 22, base64.b64encode(b"a" * 15).decode(), "acc_01h455vb4pex5vsknk084sn02q", "é"])
def test_what_is_no_cursor_is_refused(acme, cursor):
    refused = acme.get(f"/v1/accounts?cursor={cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")
