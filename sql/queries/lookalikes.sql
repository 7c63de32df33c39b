-- name: sample_known
-- Grain: one row per nth staged row that the ledger knows: by them the files are found that it may have come in before.
SELECT known_event_id FROM (
    SELECT known_event_id, row_number() OVER (ORDER BY ordinal) AS place FROM staged_events
    WHERE fate IN ('duplicate', 'held') AND known_event_id IS NOT NULL
) AS known
WHERE place % :step = 0

-- name: sample_new
-- Grain: one row per nth staged row that nobody has met.
SELECT lane, action_at, is_dated FROM (
    SELECT lane, action_at, is_dated, row_number() OVER (ORDER BY ordinal) AS place FROM staged_events
    WHERE fate IS NULL AND reward_id IS NULL
) AS new
WHERE place % :step = 0

-- name: events_about
-- Events of a client of about that time: where a column is read and filled anew, or was corrected in every row, no row of
-- a file is known. Every state is named, since the index has it before the time.
SELECT event_id FROM events
WHERE lane = :lane AND order_at >= :since_at AND order_at < :until_at
AND state IN ('held', 'ready', 'sending', 'posted', 'refused', 'unknown', 'discarded')
ORDER BY order_at DESC LIMIT :most

-- name: latest_told_otherwise
-- The latest events of a client that say a time where the row says none, or none where it says one: of such a row nobody
-- knows when it was, so it is looked for among what came last, however long ago that was.
SELECT event_id FROM (
    SELECT * FROM (
        SELECT event_id, is_dated FROM events WHERE lane = :lane AND state = 'posted' ORDER BY order_at DESC LIMIT :most
    ) AS posted
    UNION ALL
    SELECT * FROM (
        SELECT event_id, is_dated FROM events WHERE lane = :lane AND state IN ('held', 'ready', 'sending', 'unknown')
        ORDER BY order_at DESC LIMIT :most
    ) AS still_open
) AS latest
WHERE is_dated <> :is_dated

-- name: rows_about
-- Grain: one row per event of a client of about that time that took effect or still may, and that no row of the file is
-- known as; the latest first.
SELECT events.event_id, events.ordinal, events.sheet, events.row_number, events.site_id, events.lane, events.client_id,
    events.action, events.points, events.source, events.source_id, events.action_at, events.is_dated, events.reward_id,
    events.state, files.name AS file
FROM events JOIN files ON files.file_id = events.file_id
WHERE events.lane = :lane AND events.order_at >= :since_at AND events.order_at < :until_at
AND events.state IN ('held', 'ready', 'sending', 'posted', 'unknown')
AND events.event_id NOT IN (SELECT known_event_id FROM staged_events WHERE known_event_id IS NOT NULL)
ORDER BY events.order_at DESC LIMIT :most

-- name: files_that_brought
-- Grain: one row per event and file that brought it, in whatever way; the latest first. An equal row without a time is
-- another event in every file. Given: a JSON object whose keys are event ids.
SELECT found.event_id, found.file_id FROM (
    SELECT event_id, file_id FROM events WHERE event_id IN (SELECT key FROM json_each(:given))
    UNION
    SELECT event_id, file_id FROM duplicates
    WHERE event_id IN (SELECT key FROM json_each(:given)) AND file_id >= :first_file_id
    UNION
    SELECT known.event_id, equal.file_id FROM events AS known
    JOIN events AS equal ON NOT equal.is_dated AND equal.content_key = known.content_key
    WHERE known.event_id IN (SELECT key FROM json_each(:given)) AND NOT known.is_dated
) AS found
ORDER BY found.file_id DESC LIMIT :most

-- name: file_to_compare
SELECT file_id, run_id, name FROM files WHERE file_id = :file_id

-- name: latest_file
SELECT coalesce(max(file_id), 0) FROM files

-- name: repeated_rows
-- Grain: one row per row that both files have, by its place in each. A row without a time is known by its content.
WITH earlier AS (
    SELECT event_id, ordinal FROM events WHERE run_id = :run_id AND file_id = :file_id
    UNION ALL
    SELECT event_id, ordinal FROM duplicates WHERE file_id = :file_id
)
SELECT earlier.ordinal AS earlier, staged.ordinal AS now, staged.action_at, staged.is_dated
FROM staged_events AS staged JOIN earlier ON earlier.event_id = staged.known_event_id
WHERE staged.fate IN ('duplicate', 'held') AND (staged.is_dated OR staged.reward_id IS NOT NULL)
UNION ALL
SELECT equal.ordinal AS earlier, staged.ordinal AS now, staged.action_at, staged.is_dated
FROM staged_events AS staged
JOIN events AS equal ON NOT equal.is_dated AND equal.content_key = staged.content_key
    AND equal.occurrence = staged.occurrence
WHERE NOT staged.is_dated AND staged.reward_id IS NULL AND equal.file_id = :file_id

-- name: rows_not_repeated
-- Grain: one row per row of the earlier file that no staged row is known as.
WITH earlier AS (
    SELECT event_id, ordinal, sheet, row_number FROM events WHERE run_id = :run_id AND file_id = :file_id
    UNION ALL
    SELECT event_id, ordinal, sheet, row_number FROM duplicates WHERE file_id = :file_id
)
SELECT earlier.event_id, earlier.ordinal, earlier.sheet, earlier.row_number, events.site_id, events.lane,
    events.client_id, events.action, events.points, events.source, events.source_id, events.action_at,
    events.action_fraction, events.is_dated, events.reward_id, events.payout_id, events.amount, events.eligibility_on,
    events.description, events.state
FROM earlier JOIN events ON events.event_id = earlier.event_id
WHERE earlier.event_id NOT IN (SELECT known_event_id FROM staged_events WHERE known_event_id IS NOT NULL)
OR (NOT events.is_dated AND events.reward_id IS NULL)
ORDER BY earlier.ordinal

-- name: new_rows
-- Grain: one row per staged row that nobody has met.
SELECT event_id, ordinal, sheet, row_number, site_id, lane, client_id, action, points, source, source_id, action_at,
    action_fraction, is_dated, reward_id, payout_id, amount, eligibility_on, description
FROM staged_events WHERE fate IS NULL ORDER BY ordinal

-- name: hold_lookalikes
-- Given: a JSON object, by ordinal, of the event that each looks like, and the reason in words.
UPDATE staged_events SET fate = 'held', known_event_id = given.known_event_id, reason = given.reason
FROM (
    SELECT CAST(key AS INTEGER) AS ordinal, value ->> 'known_event_id' AS known_event_id, value ->> 'reason' AS reason
    FROM json_each(:given)
) AS given
WHERE given.ordinal = staged_events.ordinal AND staged_events.fate IS NULL

-- name: keep_lookalikes
-- Given: a JSON object, by event id, of the event that each looks like.
INSERT INTO lookalikes (event_id, earlier_event_id)
SELECT key, value ->> 'earlier_event_id' FROM json_each(:given) WHERE true

-- name: looked_like
-- What the event itself was taken for a correction of; no row where it was not.
SELECT lookalikes.earlier_event_id, events.state FROM lookalikes
JOIN events ON events.event_id = lookalikes.earlier_event_id WHERE lookalikes.event_id = :event_id
