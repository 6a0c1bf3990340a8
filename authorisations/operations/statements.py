"""The write statements of the tap path: each one data-modifying CTE, autocommitted, so one round trip and no BEGIN/COMMIT.

Sub-statements have no order of their own; they are chained by reference. The hot account row is updated last but for
the reference row, which carries the answer and so the balance after the take. What does not fit raises TR001 and the
whole statement is undone. Amounts are bound as int8 and ids as uuid: psycopg would pick a type by value otherwise, and
prepare a statement per mix.
"""

from issuing_portal.core.numbered import Statement

_AUTHORISATION = """
INSERT INTO authorisations_authorisation (
    id, partner_id, livemode, programme_id, account_id, card_id, cardholder_id, connection_id, network_reference, kind, status, reason,
    amount_minor, currency, approved_minor, held_minor, cleared_minor, merchant_amount_minor, merchant_currency, merchant_id, merchant_name,
    merchant_city, merchant_country, mcc, channel, wallet, windows, late, latency_us, requested_at, created_at, updated_at, hold_expires_at)
SELECT %(id)s::uuid, %(partner)s::uuid, %(livemode)s::bool, %(programme)s::uuid, %(account)s::uuid, %(card)s::uuid, %(user)s::uuid,
    %(connection)s::uuid, %(reference)s::text, %(kind)s::text, %(status)s::text, %(reason)s::text, %(amount)s::int8, %(currency)s::text,
    %(approved)s::int8, %(hold)s::int8, 0, %(merchant_amount)s::int8, %(merchant_currency)s::text, %(merchant_id)s::text, %(merchant_name)s::text,
    %(merchant_city)s::text, %(merchant_country)s::text, %(mcc)s::text, %(channel)s::text, %(wallet)s::text, %(windows)s::jsonb, false,
    %(latency)s::int4, %(at)s::timestamptz, %(now)s::timestamptz, %(now)s::timestamptz, %(hold_until)s::timestamptz
"""
_MESSAGE = """
INSERT INTO authorisations_authorisationmessage (
    id, partner_id, livemode, authorisation_id, connection_id, kind, network_reference, original_network_reference, amount_minor, currency,
    payload, answer, evaluation, received_at)
SELECT %(message)s::uuid, %(partner)s::uuid, %(livemode)s::bool, authorisation.id, %(connection)s::uuid, %(kind)s::text, %(reference)s::text, '',
    %(amount)s::int8, %(currency)s::text, %(payload)s::jsonb, %(answer)s::jsonb, %(evaluation)s::jsonb, %(now)s::timestamptz FROM authorisation
"""
_EVENT = """
INSERT INTO events_event (
    id, type, partner_id, livemode, programme_id, subject_noun, subject_id, sequence, actor, reason, staff_only, data, internal, occurred_at)
SELECT %(event)s::uuid, %(event_type)s::text, %(partner)s::uuid, %(livemode)s::bool, %(programme)s::uuid, 'authorisation', authorisation.id, 1,
    %(actor)s::jsonb, '', false, %(data)s::jsonb, '{}'::jsonb, %(now)s::timestamptz FROM authorisation
"""
_REFERENCE = """
INSERT INTO authorisations_networkreference AS known (
    connection_id, kind, network_reference, fingerprint, message_id, original_reference, authorisation_id, answer)
SELECT %(connection)s::uuid, %(kind)s::text, %(reference)s::text, %(fingerprint)s::bytea, %(message)s::uuid, '', %(id)s::uuid,
"""

TAKE_AND_RECORD = Statement(f"""
WITH guard AS MATERIALIZED (
    -- FOR SHARE reads the row as it is, not as this statement's snapshot has it: a freeze that committed meanwhile is seen.
    SELECT id FROM cards_card WHERE id = %(card)s::uuid AND status = 'ACTIVE' AND updated_at = %(card_seen)s::timestamptz FOR SHARE
), still AS MATERIALIZED (
    SELECT id FROM guard
    WHERE NOT EXISTS (SELECT FROM cardholders_cardholder WHERE id IN (%(user)s::uuid, %(business)s::uuid) AND status IN ('SUSPENDED', 'CLOSED'))
      AND (SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM cards_spendcontrol
           WHERE owner_id = ANY (%(owners)s::uuid[]) AND active_to IS NULL) = %(controls)s::uuid[]
), authorisation AS ({_AUTHORISATION} FROM still RETURNING id
), message AS ({_MESSAGE} RETURNING id
), event AS ({_EVENT} RETURNING id
), wanted AS MATERIALIZED (
    SELECT * FROM unnest(%(take_owner)s::uuid[], %(take_key)s::text[], %(take_from)s::timestamptz[], %(take_until)s::timestamptz[],
                         %(take_amount)s::int8[], %(take_max)s::int8[], %(take_max_count)s::int4[], %(take_label)s::text[])
           AS t(owner_id, limit_key, starts_at, ends_at, amount, max_minor, max_count, label)
), windows AS (
    INSERT INTO authorisations_spendwindow AS w (owner_id, limit_key, starts_at, ends_at, spent_minor, count, label)
    SELECT owner_id, limit_key, starts_at, ends_at, amount, 1, label FROM wanted
    WHERE EXISTS (SELECT FROM event) AND EXISTS (SELECT FROM message) ORDER BY owner_id, limit_key
    ON CONFLICT (owner_id, limit_key, starts_at) DO UPDATE SET spent_minor = w.spent_minor + excluded.spent_minor, count = w.count + 1
    RETURNING owner_id, limit_key, starts_at, spent_minor, count, label
), fits AS MATERIALIZED (
    SELECT (SELECT count(*) FROM wanted) = count(*) FILTER (
        WHERE (wanted.max_minor IS NULL OR windows.spent_minor <= wanted.max_minor)
          AND (wanted.max_count IS NULL OR windows.count <= wanted.max_count) AND windows.label = wanted.label) AS ok
    FROM windows JOIN wanted USING (owner_id, limit_key, starts_at)
), taken AS (
    UPDATE ledger_account SET held_minor = held_minor + %(hold)s::int8
    WHERE id = %(account)s::uuid AND status = 'OPEN' AND posted_minor - held_minor + credit_limit_minor >= %(hold)s::int8
      AND (SELECT ok FROM fits) AND EXISTS (SELECT FROM event)
    RETURNING posted_minor - held_minor + credit_limit_minor AS available
), reference AS ({_REFERENCE} %(answer)s::jsonb || jsonb_build_object('available', taken.available) FROM taken RETURNING answer)
SELECT CASE WHEN NOT EXISTS (SELECT FROM still) THEN authorisations_refuse('state')
            WHEN NOT (SELECT ok FROM fits) THEN authorisations_refuse('limit')
            WHEN NOT EXISTS (SELECT FROM taken) THEN authorisations_refuse('funds') END, (SELECT answer FROM reference)
""")
"""An approval that holds money: state, windows and funds taken, everything recorded; returns the answer with the balance."""

RECORD = Statement(f"""
WITH authorisation AS ({_AUTHORISATION} RETURNING id
), message AS ({_MESSAGE} RETURNING id
), event AS ({_EVENT} RETURNING id
), reference AS ({_REFERENCE} %(answer)s::jsonb || jsonb_build_object('available', %(available)s::int8)
    WHERE EXISTS (SELECT FROM message) AND EXISTS (SELECT FROM event)
    -- A tombstone (a reversal that came first) becomes the declined authorisation's own row.
    ON CONFLICT (connection_id, kind, network_reference) DO UPDATE
        SET fingerprint = excluded.fingerprint, message_id = excluded.message_id, authorisation_id = excluded.authorisation_id, answer = excluded.answer
        WHERE known.authorisation_id IS NULL
    RETURNING answer)
SELECT CASE WHEN NOT EXISTS (SELECT FROM reference) THEN authorisations_refuse('reference') END, (SELECT answer FROM reference)
""")
"""A decline, or an approval that holds nothing."""

MISMATCH = Statement("""
INSERT INTO authorisations_authorisationmessage (
    id, partner_id, livemode, authorisation_id, connection_id, kind, network_reference, original_network_reference, amount_minor, currency,
    payload, answer, evaluation, received_at)
VALUES (%(message)s::uuid, %(partner)s::uuid, %(livemode)s::bool, %(authorisation)s::uuid, %(connection)s::uuid, %(kind)s::text, %(reference)s::text, '',
    %(amount)s::int8, %(currency)s::text, %(payload)s::jsonb, %(answer)s::jsonb, %(evaluation)s::jsonb, %(now)s::timestamptz)
""")
"""The error row of another content under a known reference; the first hold stays untouched."""

REFUSED = "TR001"
