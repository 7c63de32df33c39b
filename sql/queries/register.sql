-- name: mark_receipts
-- Rows that bear the receipt of an event with the same content are known, whatever else the file says.
UPDATE staged_events SET fate = 'duplicate', known_event_id = receipt, reason = 'bears its receipt'
WHERE receipt IS NOT NULL AND EXISTS (
    SELECT 1 FROM events WHERE events.event_id = staged_events.receipt
    AND events.content_key = staged_events.content_key
)

-- name: mark_receipt_mismatches
-- A receipt beside other values than its event has: somebody edited a row that was already taken.
UPDATE staged_events SET fate = 'rejected', reason = 'receipt_mismatch'
WHERE receipt IS NOT NULL AND fate IS NULL

-- name: mark_dated_duplicates
-- The key of a dated event is its event id, so an equal id is the same event.
UPDATE staged_events SET fate = 'duplicate', known_event_id = event_id, reason = 'already in the ledger'
WHERE fate IS NULL AND is_dated
AND EXISTS (SELECT 1 FROM events WHERE events.event_id = staged_events.event_id)

-- name: mark_undated_held
-- Nobody can tell whether an equal undated row of another file is the same event.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = (
        SELECT min(events.event_id) FROM events
        WHERE NOT events.is_dated AND events.content_key = staged_events.content_key
    ),
    reason = 'no date, and another file has an equal row without one'
WHERE fate IS NULL AND NOT is_dated AND reward_id IS NULL
AND EXISTS (
    SELECT 1 FROM events WHERE NOT events.is_dated AND events.content_key = staged_events.content_key
)

-- name: find_latest_updates
-- The place of the last accepted update in each reward's history; null where there is none.
UPDATE staged_events SET latest_version = (
    SELECT max(events.reward_version) FROM events WHERE events.reward_id = staged_events.reward_id
)
WHERE reward_id IS NOT NULL

-- name: mark_repeated_updates
-- The values last accepted, or an equal row further up in the same file.
UPDATE staged_events SET
    fate = 'duplicate',
    known_event_id = (
        SELECT events.event_id FROM events
        WHERE events.reward_id = staged_events.reward_id AND events.reward_version = staged_events.latest_version
    ),
    reason = 'the values last accepted'
WHERE fate IS NULL AND reward_id IS NOT NULL AND content_key = (
    SELECT events.content_key FROM events
    WHERE events.reward_id = staged_events.reward_id AND events.reward_version = staged_events.latest_version
)

-- name: mark_updates_held_before
-- The same replaced values again, while a person has not decided yet: one question is enough.
UPDATE staged_events SET
    fate = 'duplicate',
    known_event_id = (
        SELECT min(events.event_id) FROM events WHERE events.state = 'held'
        AND NOT events.is_dated AND events.content_key = staged_events.content_key
    ),
    reason = 'the same values are held already'
WHERE fate IS NULL AND reward_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM events WHERE events.state = 'held'
    AND NOT events.is_dated AND events.content_key = staged_events.content_key
)

-- name: mark_stale_updates
-- Values that were replaced since: a stale export, or a wish to go back? Only a person knows.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = (
        SELECT min(events.event_id) FROM events
        WHERE NOT events.is_dated AND events.content_key = staged_events.content_key
    ),
    reason = 'these values were replaced since'
WHERE fate IS NULL AND reward_id IS NOT NULL AND occurrence = 1 AND EXISTS (
    SELECT 1 FROM events WHERE NOT events.is_dated AND events.content_key = staged_events.content_key
)

-- name: mark_guarded_points
-- More points in one event than the settings let through without a person.
UPDATE staged_events SET fate = 'held', reason = 'more points than guards.max_points_per_event'
WHERE fate IS NULL AND points > :max_points_per_event

-- name: mark_guarded_file
-- The whole file waits for a person.
UPDATE staged_events SET fate = 'held', reason = :reason WHERE fate IS NULL

-- name: mark_accepted
UPDATE staged_events SET fate = 'accepted' WHERE fate IS NULL AND (reward_id IS NULL OR occurrence = 1)

-- name: mark_repeated_in_file
-- What is left are equal reward updates further down in the same file: duplicates of the first of them.
UPDATE staged_events SET
    fate = 'duplicate',
    known_event_id = (
        SELECT first.event_id FROM staged_events AS first
        WHERE first.content_key = staged_events.content_key AND first.occurrence = 1
    ),
    reason = 'an equal row stands further up in the file'
WHERE fate IS NULL

-- name: count_fates
SELECT fate, count(*) AS rows_count FROM staged_events GROUP BY fate

-- name: count_points
SELECT coalesce(sum(points), 0) FROM staged_events WHERE fate IS NULL

-- name: accepted_amounts
-- Grain: one row per kind and site. Amounts are exact decimals kept as text, so they are summed outside.
SELECT kind, site_id, points, amount FROM staged_events WHERE fate = 'accepted'

-- name: insert_events
INSERT INTO events (
    event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points, source, source_id,
    action_at, is_dated, reward_id, payout_id, amount, eligibility_on, description, reward_version,
    file_id, ordinal, sheet, row_number, run_id, registered_at, order_at, first_state, state, state_at, state_run_id,
    state_reason
)
SELECT
    event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points, source, source_id,
    CASE WHEN reward_id IS NULL THEN coalesce(action_at, :registered_at) END, is_dated,
    reward_id, payout_id, amount, eligibility_on, description,
    CASE WHEN reward_id IS NOT NULL AND fate = 'accepted' THEN coalesce(latest_version, 0) + 1 END,
    :file_id, ordinal, sheet, row_number, :run_id, :registered_at,
    CASE WHEN reward_id IS NULL THEN coalesce(action_at, :registered_at) ELSE :registered_at END,
    CASE WHEN fate = 'held' THEN 'held' ELSE 'ready' END, CASE WHEN fate = 'held' THEN 'held' ELSE 'ready' END,
    :registered_at, :run_id, reason
FROM staged_events WHERE fate IN ('accepted', 'held')

-- name: insert_duplicates
INSERT INTO duplicates (file_id, ordinal, sheet, row_number, event_id, reason)
SELECT :file_id, ordinal, sheet, row_number, known_event_id, reason FROM staged_events WHERE fate = 'duplicate'

-- name: receipt_mismatches
SELECT sheet, row_number, receipt FROM staged_events WHERE fate = 'rejected' ORDER BY ordinal

-- name: fates_of_file
-- Grain: one row per event row of the file, in file order; what the marked copy writes beside it.
SELECT sheet, row_number, fate, coalesce(known_event_id, event_id) AS event_id, reason FROM staged_events
ORDER BY ordinal
