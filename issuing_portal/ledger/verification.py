"""The invariants of the ledger (DESIGN §6), each one set-wise statement that gives the rows that break it.

`INVARIANTS` is a registry: what rests on the ledger adds its own from AppConfig.ready() (holds are the sum of open
authorisations, windows the sum of what was taken), so that one command proves everything. A statement gives rows of
(table, id, what is wrong); `counted` gives how many things were looked at.
"""

from dataclasses import dataclass
from time import perf_counter

from django.db import connection

from issuing_portal.ledger.models import COUNTED_KINDS, SYSTEM_KINDS

KEPT = 100
"""Findings of one invariant that are named; the count goes on."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """`name` is stable and short, `says` the sentence that must hold, `counted` and `broken` SQL without parameters."""

    name: str
    says: str
    counted: str
    broken: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant."""

    invariant: str
    table: str
    row_id: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.table} {self.row_id}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant after its check: how many things were looked at, how many broke it, the first of them by name."""

    invariant: Invariant
    looked_at: int
    broken: int
    findings: tuple[Finding, ...]
    seconds: float


def check(invariant: Invariant) -> Checked:
    """Run one invariant in the present transaction."""
    begun = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(invariant.counted)
        looked_at = cursor.fetchone()[0]
        cursor.execute(f"SELECT found.*, count(*) OVER () FROM ({invariant.broken}) AS found (table_name, row_id, detail) LIMIT {KEPT}")
        rows = cursor.fetchall()
    findings = tuple(Finding(invariant.name, table, str(row_id), detail) for table, row_id, detail, _ in rows)
    return Checked(invariant, looked_at, rows[0][3] if rows else 0, findings, perf_counter() - begun)


def _listed(kinds: list[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


COUNTED, SYSTEM = _listed([str(kind) for kind in COUNTED_KINDS]), _listed([str(kind) for kind in SYSTEM_KINDS])
ALL_ENTRIES, ALL_POSTINGS = "SELECT count(*) FROM ledger_journalentry", "SELECT count(*) FROM ledger_posting"
ALL_ACCOUNTS = "SELECT count(*) FROM ledger_account"
COUNTED_ACCOUNTS = f"SELECT count(*) FROM ledger_account WHERE kind IN ({COUNTED})"

INVARIANTS: list[Invariant] = [
    Invariant("entry_balances", "Every entry sums to zero per currency.", ALL_ENTRIES, """
        SELECT 'ledger_journalentry', entry_id, format('its postings sum to %s %s', sum(amount_minor), currency)
        FROM ledger_posting GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0"""),
    Invariant("entry_has_two_sides", "Every entry has at least two postings.", ALL_ENTRIES, """
        SELECT 'ledger_journalentry', e.id, format('it has %s postings', count(p.id))
        FROM ledger_journalentry e LEFT JOIN ledger_posting p ON p.entry_id = e.id GROUP BY e.id HAVING count(p.id) < 2"""),
    Invariant("posting_has_entry", "Every posting belongs to an entry.", ALL_POSTINGS, """
        SELECT 'ledger_posting', p.id, format('there is no entry %s', p.entry_id)
        FROM ledger_posting p LEFT JOIN ledger_journalentry e ON e.id = p.entry_id WHERE e.id IS NULL"""),
    Invariant("posting_fits_account", "Every posting is in the currency and the programme of its account.", ALL_POSTINGS, """
        SELECT 'ledger_posting', p.id, CASE WHEN a.id IS NULL THEN format('there is no account %s', p.account_id)
            ELSE format('%s, programme %s, on an account in %s, programme %s', p.currency, e.programme_id, a.currency, a.programme_id) END
        FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id LEFT JOIN ledger_account a ON a.id = p.account_id
        WHERE a.id IS NULL OR a.currency <> p.currency OR a.programme_id <> e.programme_id"""),
    Invariant("ledger_sums_to_zero", "The whole ledger sums to zero per programme and currency.",
              "SELECT count(*) FROM (SELECT DISTINCT programme_id, currency FROM ledger_account) AS books", """
        SELECT 'partners_programme', e.programme_id, format('its postings sum to %s %s', sum(p.amount_minor), p.currency)
        FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id
        GROUP BY e.programme_id, p.currency HAVING sum(p.amount_minor) <> 0"""),
    Invariant("posted_is_sum", "A running balance is the sum of its account's postings.", COUNTED_ACCOUNTS, f"""
        SELECT 'ledger_account', a.id, format('posted_minor is %s, its postings sum to %s', a.posted_minor, coalesce(s.total, 0))
        FROM ledger_account a LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_posting GROUP BY 1) s ON s.account_id = a.id
        WHERE a.kind IN ({COUNTED}) AND a.posted_minor <> coalesce(s.total, 0)"""),
    # From balance to balance: read as steps, the postings of an account are one walk from zero to their sum, so every
    # balance is left as often as it is reached. This needs no order (ids of one millisecond have none).
    Invariant("balances_follow", "Each posting starts from the balance that another one left.",
              f"SELECT count(*) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.kind IN ({COUNTED})", f"""
        WITH step AS (
            SELECT p.id, p.account_id, p.posted_after_minor - p.amount_minor AS begins, p.posted_after_minor AS ends, p.amount_minor
            FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.kind IN ({COUNTED})),
        flow AS (
            SELECT account_id, begins AS balance, 1 AS n FROM step UNION ALL SELECT account_id, ends, -1 FROM step
            UNION ALL SELECT account_id, 0, -1 FROM step GROUP BY 1 UNION ALL SELECT account_id, sum(amount_minor), 1 FROM step GROUP BY 1),
        odd AS (SELECT account_id, balance, sum(n) AS n FROM flow GROUP BY 1, 2 HAVING sum(n) <> 0)
        SELECT DISTINCT 'ledger_posting', s.id, format('it goes from %s to %s, which no other posting of account %s meets', s.begins, s.ends, s.account_id)
        FROM step s JOIN odd o ON o.account_id = s.account_id AND (o.balance = s.begins AND o.n > 0 OR o.balance = s.ends AND o.n < 0)
        UNION ALL SELECT 'ledger_posting', s.id, 'it tells no balance' FROM step s WHERE s.ends IS NULL"""),
    Invariant("system_accounts_uncounted", "System accounts keep no running balance and no holds.",
              f"SELECT count(*) FROM ledger_account WHERE kind NOT IN ({COUNTED})", f"""
        SELECT 'ledger_account', id, format('%s has posted_minor %s, held_minor %s', kind, posted_minor, held_minor)
        FROM ledger_account WHERE kind NOT IN ({COUNTED}) AND (posted_minor <> 0 OR held_minor <> 0)"""),
    Invariant("closed_is_empty", "A closed account has no money and no holds.",
              "SELECT count(*) FROM ledger_account WHERE status = 'CLOSED'", """
        SELECT 'ledger_account', id, format('closed with posted_minor %s, held_minor %s', posted_minor, held_minor)
        FROM ledger_account WHERE status = 'CLOSED' AND (posted_minor <> 0 OR held_minor <> 0)"""),
    Invariant("funding_not_overdrawn", "No programme has given out more than was confirmed.",
              "SELECT count(*) FROM ledger_account WHERE kind = 'programme_funding'", """
        SELECT 'ledger_account', id, format('unallocated funding is %s %s', posted_minor, currency)
        FROM ledger_account WHERE kind = 'programme_funding' AND posted_minor < 0"""),
    Invariant("system_accounts_complete", "Every programme has each system account in its currency.", "SELECT count(*) FROM partners_programme", f"""
        SELECT 'partners_programme', g.id, format('it has no %s in %s', k.kind, g.currency)
        FROM partners_programme g CROSS JOIN unnest(ARRAY[{SYSTEM}]) AS k (kind)
        LEFT JOIN ledger_account a ON a.programme_id = g.id AND a.kind = k.kind AND a.currency = g.currency WHERE a.id IS NULL"""),
    Invariant("owner_is_one", "Account, entry and cardholder belong to the partner and mode of their programme.",
              "SELECT (SELECT count(*) FROM ledger_account) + (SELECT count(*) FROM ledger_journalentry)", """
        SELECT 'ledger_account', a.id, 'another partner, mode or programme than its programme or cardholder'
        FROM ledger_account a JOIN partners_programme g ON g.id = a.programme_id LEFT JOIN cardholders_cardholder c ON c.id = a.cardholder_id
        WHERE (a.partner_id, a.livemode) <> (g.partner_id, g.livemode)
           OR c.id IS NOT NULL AND (c.partner_id, c.livemode, c.programme_id) <> (a.partner_id, a.livemode, a.programme_id)
        UNION ALL SELECT 'ledger_journalentry', e.id, 'another partner or mode than its programme'
        FROM ledger_journalentry e LEFT JOIN partners_programme g ON g.id = e.programme_id
        WHERE g.id IS NULL OR (e.partner_id, e.livemode) <> (g.partner_id, g.livemode)"""),
]
"""In the order of the printed table."""


def register(invariant: Invariant) -> None:
    """Add an invariant of an app above, once: ready() may run twice."""
    if invariant.name not in {known.name for known in INVARIANTS}:
        INVARIANTS.append(invariant)
