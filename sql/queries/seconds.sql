-- name: rows_of_torn_seconds
-- Grain: one row per staged row of a second of which a row and an event show fractions that contradict each other.
-- Neither begins with the other: that would be one time, of which one export cut a part.
SELECT ordinal, lane, content_key, action_fraction, fate, known_event_id FROM staged_events
WHERE is_dated AND (fate IS NULL OR fate = 'duplicate') AND content_key IN (
    SELECT staged.content_key FROM staged_events AS staged
    JOIN events ON events.content_key = staged.content_key AND events.action_fraction IS NOT NULL
    WHERE staged.fate IS NULL AND staged.action_fraction IS NOT NULL
    AND substr(events.action_fraction, 1, length(staged.action_fraction)) <> staged.action_fraction
    AND substr(staged.action_fraction, 1, length(events.action_fraction)) <> events.action_fraction
)
ORDER BY content_key, ordinal

-- name: events_of_second
-- Grain: one row per event of this content, which is to the second; they are found by their client.
SELECT event_id, occurrence, action_fraction FROM events
WHERE lane = :lane AND content_key = :content_key AND is_dated ORDER BY occurrence

-- name: rows_beside_a_misread_one
-- Grain: one row per staged row that is taken for an event whose own row, in this very file, reads otherwise by now: the
-- two only look alike because that event was misread. A row that the ledger knows, as whatever event, is left out.
SELECT staged.ordinal, staged.lane, staged.content_key, staged.known_event_id FROM staged_events AS staged
JOIN events ON events.event_id = staged.known_event_id
WHERE staged.fate = 'duplicate' AND staged.receipt IS NULL AND staged.is_dated
AND events.fingerprint <> staged.fingerprint
AND EXISTS (
    SELECT 1 FROM staged_events AS own
    WHERE own.fingerprint = events.fingerprint AND own.content_key <> events.content_key
)
AND NOT EXISTS (SELECT 1 FROM events AS known WHERE known.fingerprint = staged.fingerprint)
AND NOT EXISTS (SELECT 1 FROM known_rows WHERE known_rows.fingerprint = staged.fingerprint)
ORDER BY staged.content_key, staged.ordinal

-- name: last_occurrence
-- The highest number of an equal event, in the ledger and among the rows of the file.
SELECT max(occurrence) FROM (
    SELECT occurrence FROM events WHERE lane = :lane AND content_key = :content_key AND is_dated
    UNION ALL
    SELECT occurrence FROM staged_events WHERE content_key = :content_key
) AS equal

-- name: decide_seconds
-- Given: a JSON object, by ordinal, of what was decided.
UPDATE staged_events SET fate = given.fate, known_event_id = given.known_event_id, reason = given.reason,
    occurrence = coalesce(given.occurrence, staged_events.occurrence),
    event_id = coalesce(given.event_id, staged_events.event_id)
FROM (
    SELECT CAST(key AS INTEGER) AS ordinal, value ->> 'fate' AS fate, value ->> 'known_event_id' AS known_event_id,
        value ->> 'reason' AS reason, CAST(value ->> 'occurrence' AS INTEGER) AS occurrence,
        value ->> 'event_id' AS event_id
    FROM json_each(:given)
) AS given
WHERE given.ordinal = staged_events.ordinal
