"""What `manage.py verify_ledger` proves of this app beside the ledger's own invariants: holds, clearings and windows.

Authorisations, windows and balances carry no audit trigger (DESIGN §8): these statements are what holds them to account.
"""

from authorisations.models import OPEN_STATUSES
from issuing_portal.ledger.verification import Invariant

OPEN = ", ".join(f"'{status}'" for status in OPEN_STATUSES)
TRANSACTIONS = "SELECT count(*) FROM authorisations_transaction"

INVARIANTS = [
    Invariant("held_is_sum", "An account holds the sum of what its open authorisations hold.", "SELECT count(*) FROM ledger_account", f"""
        SELECT 'ledger_account', a.id, format('held_minor is %s, its open authorisations hold %s', a.held_minor, coalesce(s.total, 0))
        FROM ledger_account a LEFT JOIN (
            SELECT account_id, sum(held_minor) AS total FROM authorisations_authorisation WHERE status IN ({OPEN}) GROUP BY 1) s
            ON s.account_id = a.id
        WHERE a.held_minor <> coalesce(s.total, 0)"""),
    Invariant("holds_are_open", "Only an open authorisation holds money, and on an account that exists.",
              "SELECT count(*) FROM authorisations_authorisation WHERE held_minor <> 0", f"""
        SELECT 'authorisations_authorisation', u.id, format('%s holds %s on account %s', u.status, u.held_minor, coalesce(u.account_id::text, 'none'))
        FROM authorisations_authorisation u LEFT JOIN ledger_account a ON a.id = u.account_id
        WHERE u.held_minor <> 0 AND (u.status NOT IN ({OPEN}) OR a.id IS NULL)"""),
    Invariant("cleared_is_sum", "What an authorisation says was cleared is the sum of its transactions.",
              "SELECT count(*) FROM authorisations_authorisation", """
        SELECT 'authorisations_authorisation', u.id, format('cleared_minor is %s, its transactions sum to %s', u.cleared_minor, coalesce(s.total, 0))
        FROM authorisations_authorisation u LEFT JOIN (
            SELECT authorisation_id, sum(amount_minor) AS total FROM authorisations_transaction WHERE type <> 'refund' GROUP BY 1) s
            ON s.authorisation_id = u.id
        WHERE u.cleared_minor <> coalesce(s.total, 0)"""),
    Invariant("transaction_is_booked", "Every transaction is booked once, with its amount, on its account.", TRANSACTIONS, """
        SELECT 'authorisations_transaction', t.id, format('its entry moved %s on the account, not %s',
               coalesce(sum(p.amount_minor), 0), t.amount_minor)
        FROM authorisations_transaction t LEFT JOIN ledger_journalentry e ON e.id = t.entry_id AND e.source_id = t.id
        LEFT JOIN ledger_posting p ON p.entry_id = e.id AND p.account_id = t.account_id
        GROUP BY t.id HAVING coalesce(sum(p.amount_minor), 0) <> CASE t.type WHEN 'refund' THEN t.amount_minor ELSE -t.amount_minor END"""),
    Invariant("clearing_has_transaction", "Every clearing and refund in the ledger has its transaction.",
              "SELECT count(*) FROM ledger_journalentry WHERE kind IN ('clearing', 'refund')", """
        SELECT 'ledger_journalentry', e.id, 'no transaction names it'
        FROM ledger_journalentry e LEFT JOIN authorisations_transaction t ON t.entry_id = e.id
        WHERE e.kind IN ('clearing', 'refund') AND t.id IS NULL"""),
    Invariant("window_is_sum", "A spend window counts what its authorisations took, no more and no less.",
              "SELECT count(*) FROM authorisations_spendwindow", """
        WITH taken AS (
            SELECT (one ->> 0)::uuid AS owner_id, one ->> 1 AS limit_key, (one ->> 2)::timestamptz AS starts_at,
                   sum((one ->> 3)::bigint) AS spent, sum((one ->> 4)::int) AS times
            FROM authorisations_authorisation u, jsonb_array_elements(u.windows) AS one WHERE u.windows <> '[]' GROUP BY 1, 2, 3)
        SELECT 'authorisations_spendwindow', coalesce(w.id::text, 'none'),
               format('%s of %s from %s counts %s in %s, its authorisations took %s in %s', limit_key, owner_id, starts_at,
                      coalesce(w.spent_minor, 0), coalesce(w.count, 0), coalesce(t.spent, 0), coalesce(t.times, 0))
        FROM authorisations_spendwindow w FULL JOIN taken t USING (owner_id, limit_key, starts_at)
        WHERE coalesce(w.spent_minor, 0) <> coalesce(t.spent, 0) OR coalesce(w.count, 0) <> coalesce(t.times, 0)"""),
]
