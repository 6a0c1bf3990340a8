"""The tap's statements as a pgbench script."""

from datetime import UTC, datetime
from uuid import UUID

from bench.scene import made_id
from bench.statements import Noted, script

PARTNER, FRESH = UUID("019b1111-1111-7111-8111-111111111111"), UUID("019b2222-2222-7222-8222-222222222222")


def rendered(sql: str, **parameters: object) -> tuple[str, dict[str, str]]:
    """The statement's lines of the script, and its variables."""
    made = script(Noted([(sql, parameters)], "ref-1", {}), constants={PARTNER}, cards=10_000, stamp=0x019B00000000)
    return made.text.split("\n", 2)[2].strip(), made.variables


def test_what_names_the_card_follows_the_random_number():
    text, variables = rendered("SELECT %(card)s::uuid", card=made_id("card", 1))
    assert text == "SELECT ('019b0000-0000-7000-8000-' || lpad(:card, 12, '0'))::uuid::uuid;"
    assert variables == {"tap": "0"}


def test_fresh_ids_and_the_reference_follow_the_counter():
    text, _ = rendered("SELECT %(id)s, %(reference)s", id=FRESH, reference="ref-1")
    fresh = "('019b0000-0000-7000-8' || lpad(:client_id, 3, '0') || '-' || lpad(:tap, 12, '0'))"
    assert text == f"SELECT {fresh}::uuid, {fresh};"


def test_everything_else_is_bound_as_it_was():
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    text, variables = rendered("SELECT %(partner)s, %(at)s, %(amount)s, %(live)s, %(again)s, %(none)s, %(empty)s, %(raw)s WHERE 'a' LIKE '%%'",
                               partner=PARTNER, at=at, amount=1250, live=False, again=1250, none=None, empty="", raw=b"\x01\xff")
    assert text == "SELECT :v0::uuid, :v1, :v2, :v3, :v2, NULL, '', :v4 WHERE 'a' LIKE '%';"
    assert variables == {"v0": str(PARTNER), "v1": at.isoformat(), "v2": "1250", "v3": "false", "v4": "\\x01ff", "tap": "0"}


def test_lists_become_arrays():
    text, variables = rendered("SELECT %(owners)s::uuid[], %(most)s::int8[], %(nothing)s::text[]",
                               owners=[made_id("windows", 1), PARTNER], most=[5, None], nothing=[])
    assert text == ("SELECT ARRAY[('019b0005-0000-7000-8000-' || lpad(:card, 12, '0'))::uuid, :v0::uuid]::uuid[], "
                    "ARRAY[:v1, NULL]::int8[], '{}'::text[];")
    assert variables["v1"] == "5"


def test_the_script_draws_a_card_and_counts():
    made = script(Noted([("SELECT 1", {})], "ref-1", {}), constants=set(), cards=77, stamp=0)
    assert made.text == "\\set card random(1, 77)\n\\set tap :tap + 1\nSELECT 1;\n"
    assert made.defines() == ["-D", "tap=0"]
