-- name: mark_read_otherwise
-- The same raw row was read as another event before: a zone or the order of dates was answered since, or a reader was
-- mended. What it reads as now would be paid beside what it was read as then. The event told is the one that went
-- furthest.
UPDATE staged_events SET fate = 'held', reason = 'read otherwise', known_event_id = (
    SELECT events.event_id FROM events
    WHERE events.fingerprint = staged_events.fingerprint AND events.content_key <> staged_events.content_key
    ORDER BY CASE events.state WHEN 'posted' THEN 0 WHEN 'discarded' THEN 2 ELSE 1 END, events.event_id LIMIT 1
)
WHERE fate IS NULL AND fingerprint IS NOT NULL AND EXISTS (
    SELECT 1 FROM events
    WHERE events.fingerprint = staged_events.fingerprint AND events.content_key <> staged_events.content_key
)

-- name: mark_known_rows_read_otherwise
-- The same for rows that brought a known event, and for those of old files.
UPDATE staged_events SET fate = 'held', reason = 'read otherwise', known_event_id = (
    SELECT events.event_id FROM known_rows JOIN events ON events.event_id = known_rows.event_id
    WHERE known_rows.fingerprint = staged_events.fingerprint AND events.content_key <> staged_events.content_key
    ORDER BY CASE events.state WHEN 'posted' THEN 0 WHEN 'discarded' THEN 2 ELSE 1 END, events.event_id LIMIT 1
)
WHERE fate IS NULL AND fingerprint IS NOT NULL AND EXISTS (
    SELECT 1 FROM known_rows JOIN events ON events.event_id = known_rows.event_id
    WHERE known_rows.fingerprint = staged_events.fingerprint AND events.content_key <> staged_events.content_key
)

-- name: read_otherwise
-- Grain: one row per staged row that is held for its other reading, with what it reads as and what it was read as.
SELECT staged.ordinal, staged.client_id, staged.action, staged.points, staged.source, staged.source_id,
    staged.action_at, staged.is_dated, staged.reward_id, staged.payout_id, staged.amount, staged.eligibility_on,
    staged.description, known.client_id AS known_client_id, known.action AS known_action, known.points AS known_points,
    known.source AS known_source, known.source_id AS known_source_id, known.action_at AS known_action_at,
    known.is_dated AS known_is_dated, known.reward_id AS known_reward_id, known.payout_id AS known_payout_id,
    known.amount AS known_amount, known.eligibility_on AS known_eligibility_on,
    known.description AS known_description, known.state AS known_state
FROM staged_events AS staged JOIN events AS known ON known.event_id = staged.known_event_id
WHERE staged.fate = 'held' AND staged.reason = 'read otherwise' ORDER BY staged.ordinal

-- name: reword_read_otherwise
-- Given: a JSON object, by ordinal, each with its sentence.
UPDATE staged_events SET reason = given.sentence
FROM (SELECT CAST(key AS INTEGER) AS ordinal, value ->> 'sentence' AS sentence FROM json_each(:given)) AS given
WHERE given.ordinal = staged_events.ordinal

-- name: keep_other_spellings
-- A known event in another spelling, or read otherwise and known by its receipt: from now on known in both.
INSERT INTO known_rows (fingerprint, event_id)
SELECT DISTINCT staged.fingerprint, staged.known_event_id
FROM staged_events AS staged JOIN events ON events.event_id = staged.known_event_id
WHERE staged.fate = 'duplicate' AND staged.fingerprint IS NOT NULL
AND (events.fingerprint IS NULL OR events.fingerprint <> staged.fingerprint)
ON CONFLICT DO NOTHING

-- name: files_to_learn
-- Files whose rows have no fingerprints, or such as were made while other headings were read; but none that was missing
-- in the archive when it was looked for by this rule: with the ledger's age they would be ever more to look for.
WITH unlearned AS (
    SELECT file_id FROM files WHERE row_rule IS NULL
    UNION ALL
    SELECT file_id FROM files WHERE row_rule < :rule
    UNION ALL
    SELECT file_id FROM files WHERE row_rule > :rule AND row_rule < :missing
    UNION ALL
    SELECT file_id FROM files WHERE row_rule > :missing
)
SELECT files.file_id, name, sha256, default_site_id FROM unlearned CROSS JOIN files
WHERE files.file_id = unlearned.file_id ORDER BY files.file_id DESC

-- name: events_of_rows
-- Grain: one row per row of the file that is an event or brought one. The run is asked for as well, since events are
-- found by it.
SELECT events.sheet, events.row_number, events.event_id, events.site_id, events.fingerprint FROM files
JOIN events ON events.run_id = files.run_id AND events.file_id = files.file_id
WHERE files.file_id = :file_id AND events.row_number BETWEEN :first_row AND :last_row
UNION ALL
SELECT duplicates.sheet, duplicates.row_number, duplicates.event_id, events.site_id, events.fingerprint FROM duplicates
JOIN events ON events.event_id = duplicates.event_id
WHERE duplicates.file_id = :file_id AND duplicates.row_number BETWEEN :first_row AND :last_row

-- name: keep_known_row
-- A file that is read once more gives what is known already.
INSERT INTO known_rows (fingerprint, event_id) VALUES (:fingerprint, :event_id) ON CONFLICT DO NOTHING

-- name: mark_learned
-- The file needs no reading until other headings are read.
UPDATE files SET row_rule = :rule WHERE file_id = :file_id

-- name: mark_missing
-- The files are looked for again when other headings are read. Given: a JSON object whose keys are their ids.
UPDATE files SET row_rule = :missing
WHERE file_id IN (SELECT CAST(key AS INTEGER) FROM json_each(:given))
