-- name: carry_open
-- What earlier runs left open is this run's to finish; held and discarded events are a person's. What a person keeps of
-- a site that has left waits until the site is back.
INSERT INTO run_carried (run_id, event_id)
SELECT :run_id, event_id FROM events WHERE state = 'ready' AND site_id NOT IN (SELECT site_id FROM kept_sites)
UNION ALL
SELECT :run_id, event_id FROM events WHERE state IN ('sending', 'unknown')

-- name: carry_untold
-- What was posted or refused under a run that never came to its report, and in no report since, is told by this one.
-- What a recovery proved was sent by earlier nights, and is told by its own report.
-- A run that is still at work looks the same, so what it ends before this one begins may be told by both; by none,
-- never.
INSERT INTO run_carried (run_id, event_id)
WITH unfinished AS (
    SELECT run_id FROM runs WHERE finished_at IS NULL AND run_id <> :run_id AND kind <> 'recover'
), unreported AS (
    SELECT events.event_id FROM unfinished CROSS JOIN events WHERE events.run_id = unfinished.run_id
    UNION
    SELECT run_carried.event_id FROM unfinished CROSS JOIN run_carried WHERE run_carried.run_id = unfinished.run_id
)
SELECT :run_id, events.event_id FROM unreported CROSS JOIN events
WHERE events.event_id = unreported.event_id AND events.state IN ('posted', 'refused')
AND NOT EXISTS (
    SELECT 1 FROM runs AS told WHERE told.run_id = events.run_id AND told.finished_at >= events.state_at
)
AND NOT EXISTS (
    SELECT 1 FROM run_carried AS carried CROSS JOIN runs AS told
    WHERE carried.event_id = events.event_id AND told.run_id = carried.run_id AND told.finished_at >= events.state_at
)
ON CONFLICT DO NOTHING

-- name: carry_claimed
-- An event that is claimed or settled without having been open at the start (approved since, or another run's) is this
-- run's too. Given: a JSON object whose keys are event ids.
INSERT INTO run_carried (run_id, event_id) SELECT :run_id, key FROM json_each(:given) WHERE true ON CONFLICT DO NOTHING

-- name: files_of_run
-- Grain: one row. What became of the rows of the run's files; the four fates add up to the rows read.
SELECT
    count(*) AS files, coalesce(sum(rows_read), 0) AS rows_read, coalesce(sum(accepted), 0) AS accepted,
    coalesce(sum(duplicate), 0) AS duplicate, coalesce(sum(held), 0) AS held, coalesce(sum(rejected), 0) AS rejected
FROM files WHERE run_id = :run_id

-- name: states_of_run
-- Grain: one row per kind and state of the events that the run answers for: accepted by it, or carried in.
SELECT kind, site_id, state, run_events.is_accepted, count(*) AS events_count,
    coalesce(sum(points / 1000000000), 0) AS points_billions,
    coalesce(sum(points % 1000000000), 0) AS points_rest
FROM events JOIN (
    SELECT event_id, true AS is_accepted FROM events WHERE run_id = :run_id AND first_state = 'ready'
    UNION ALL
    SELECT run_carried.event_id, false AS is_accepted FROM run_carried
    JOIN events ON events.event_id = run_carried.event_id
    WHERE run_carried.run_id = :run_id AND NOT (events.run_id = :run_id AND events.first_state = 'ready')
) AS run_events ON run_events.event_id = events.event_id
GROUP BY kind, site_id, state, run_events.is_accepted

-- name: taken_by_other_runs
-- Grain: one row; how many files of this name other runs have registered since.
SELECT count(*) FROM files WHERE name = :name AND run_id <> :run_id AND registered_at >= :since_at

-- name: runs_at_the_same_time
-- Grain: one row per other run that was at work while this one was, and that came, or will come, to a report. One that
-- has died is not seen any more.
SELECT run_id FROM runs
WHERE finished_at >= (SELECT started_at FROM runs WHERE run_id = :run_id) AND run_id <> :run_id AND kind <> 'recover'
UNION ALL
SELECT run_id FROM runs
WHERE finished_at IS NULL AND seen_at >= :alive_since_at AND run_id <> :run_id AND kind <> 'recover'

-- name: posted_twice_told
-- Grain: one row per posted event that this run answers for and another one, too, and which one. Given: a JSON object
-- whose keys are both this run and the others.
WITH answered_for AS (
    SELECT events.run_id, events.event_id FROM json_each(:given) AS given CROSS JOIN events
    WHERE events.run_id = given.key AND events.first_state = 'ready'
    UNION
    SELECT run_carried.run_id, run_carried.event_id FROM json_each(:given) AS given CROSS JOIN run_carried
    WHERE run_carried.run_id = given.key
)
SELECT events.event_id, others.run_id FROM answered_for AS mine
JOIN answered_for AS others ON others.event_id = mine.event_id AND others.run_id <> mine.run_id
JOIN events ON events.event_id = mine.event_id
WHERE mine.run_id = :run_id AND events.state = 'posted'

-- name: posted_amounts_of_run
-- Grain: one row per posted update that set an amount: exact decimals kept as text, so they are summed outside.
SELECT amount FROM events WHERE target = 'referral_rock' AND state = 'posted' AND amount IS NOT NULL AND event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id AND first_state = 'ready'
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
)

-- name: events_of_run
-- Grain: one row per event that the run answers for, with where it came from and what the service last said. What
-- waits from its row on is the run's to answer for only where it was approved and claimed meanwhile (is_answered_for).
SELECT events.*, files.name AS file, answers.answered_at, answers.code, answers.message, answers.balance,
    (events.run_id <> :run_id OR events.first_state = 'ready' OR EXISTS (
        SELECT 1 FROM run_carried WHERE run_carried.run_id = :run_id AND run_carried.event_id = events.event_id
    )) AS is_answered_for
FROM events
JOIN files ON files.file_id = events.file_id
LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
)
ORDER BY events.file_id, events.ordinal

-- name: replaced_updates_of_run
-- Grain: one row per posted update that the run answers for and a later posted one of the same reward replaced.
SELECT events.event_id FROM events
WHERE events.target = 'referral_rock' AND events.state = 'posted' AND events.event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
) AND EXISTS (
    SELECT 1 FROM events AS later WHERE later.lane = events.lane AND later.state = 'posted'
    AND later.reward_version > events.reward_version
)

-- name: places_of_open_breaks
-- Grain: one row per break that is not closed or resolved and is about an event of ours, with the row it came from.
SELECT breaks.break_id, files.name AS file, events.sheet, events.row_number
FROM breaks
JOIN events ON events.event_id = breaks.event_id
JOIN files ON files.file_id = events.file_id
WHERE breaks.state IN ('open', 'acknowledged')

-- name: waiting_events
-- Grain: one row per event of any run that waits for a person or for reading back, with what the last reading back of
-- its attempt showed (JSON).
WITH waiting AS (
    SELECT event_id FROM events WHERE state = 'held' AND site_id NOT IN (SELECT site_id FROM kept_sites)
    UNION ALL
    SELECT event_id FROM events WHERE state IN ('sending', 'unknown') AND state = 'unknown'
)
SELECT events.*, files.name AS file, answers.message, settlements.evidence
FROM waiting CROSS JOIN events
JOIN files ON files.file_id = events.file_id
LEFT JOIN answers ON answers.attempt_id = events.attempt_id
LEFT JOIN settlements ON settlements.settlement_id = (
    SELECT max(later.settlement_id) FROM settlements AS later
    WHERE later.event_id = events.event_id AND later.attempt_id = events.attempt_id
)
WHERE events.event_id = waiting.event_id
ORDER BY events.file_id, events.ordinal

-- name: rejections_of_run
-- Grain: one row per wrong cell and code in the run's files; these are looked up first, as in the queries below.
SELECT files.name AS file, rejections.sheet, rejections.row_number AS row, rejections.column_heading AS column,
    rejections.cell, rejections.code, rejections.value, rejections.message, rejections.suggestion
FROM files CROSS JOIN rejections
WHERE files.run_id = :run_id AND rejections.file_id = files.file_id ORDER BY rejections.rejection_id

-- name: skipped_of_run
-- Grain: one row per row of the run's files that is none, such as a line of totals, and why it was passed over.
SELECT files.name AS file, skipped_rows.sheet, skipped_rows.row_number AS row, skipped_rows.reason
FROM files CROSS JOIN skipped_rows
WHERE files.run_id = :run_id AND skipped_rows.file_id = files.file_id ORDER BY skipped_rows.skipped_id

-- name: duplicates_of_run
-- Grain: one row per row of the run's files that an earlier one brought, and where that one stands.
SELECT files.name AS file, duplicates.sheet, duplicates.row_number AS row, duplicates.event_id,
    first_files.name AS first_file, events.sheet AS first_sheet, events.row_number AS first_row
FROM files CROSS JOIN duplicates
JOIN events ON events.event_id = duplicates.event_id
JOIN files AS first_files ON first_files.file_id = events.file_id
WHERE files.run_id = :run_id AND duplicates.file_id = files.file_id ORDER BY duplicates.file_id, duplicates.ordinal

-- name: batches_of_run
-- Grain: one row per file, kind and site, with the totals as they were written when the file was registered.
SELECT files.name AS file, batches.kind, batches.site_id, batches.event_count, batches.points,
    batches.points_quintillions, batches.amount
FROM files CROSS JOIN batches
WHERE files.run_id = :run_id AND batches.file_id = files.file_id ORDER BY batches.file_id, batches.kind, batches.site_id

-- name: footing_of_events
-- Grain: one row per kind and site of all that the ledger ever accepted.
SELECT kind, site_id, count(*) AS events, coalesce(sum(points / 1000000000), 0) AS points_billions,
    coalesce(sum(points % 1000000000), 0) AS points_rest
FROM events
WHERE first_state = 'ready' GROUP BY kind, site_id ORDER BY kind, site_id

-- name: amounts_of_events
-- Grain: one row per accepted update that sets an amount: exact decimals kept as text, so they are summed outside.
SELECT amount FROM events WHERE first_state = 'ready' AND target = 'referral_rock' AND amount IS NOT NULL

-- name: footing_of_batches
-- Grain: one row per file, kind and site: the other side of the footing, written once and never touched since.
SELECT files.name AS file, batches.kind, batches.site_id, batches.event_count, batches.points,
    batches.points_quintillions, batches.amount
FROM batches JOIN files ON files.file_id = batches.file_id ORDER BY batches.file_id, batches.kind, batches.site_id

-- name: accepted_by_files
-- What all files say was accepted, to be held against the events and the batches.
SELECT coalesce(sum(accepted), 0) FROM files

-- name: schedule_in_force
-- The latest schedule that was put in force; earlier ones stay for the record.
SELECT cron, timezone, since_at FROM schedules ORDER BY schedule_id DESC LIMIT 1

-- name: see_run
-- A run that is at work says that it lives. Nothing is said of one that is over.
UPDATE runs SET seen_at = :seen_at WHERE run_id = :run_id AND finished_at IS NULL

-- name: last_nights
-- Grain: one row per night, the latest first, whoever started it; one that could not start is there with its failure.
SELECT run_id, started_at, finished_at, seen_at, failure, summary FROM runs
WHERE kind = 'nightly' ORDER BY started_at DESC, run_id DESC LIMIT :most

-- name: waiting_counts
-- What waits for a person in the whole ledger, and what the next run sends by itself (pending); beside it what a person
-- keeps until its site is back (kept).
SELECT
    (SELECT count(*) FROM events WHERE state = 'held' AND site_id NOT IN (SELECT site_id FROM kept_sites)) AS held,
    (
        -- What is in doubt has an attempt. Asked for as well, since SQLite would count along an index of all events
        -- otherwise, which tells their states.
        SELECT count(*) FROM events
        WHERE state IN ('sending', 'unknown') AND state = 'unknown' AND attempt_id IS NOT NULL
    ) AS unknown,
    (SELECT count(*) FROM breaks WHERE state IN ('open', 'acknowledged')) AS breaks_open,
    (SELECT count(*) FROM events WHERE state = 'ready' AND site_id NOT IN (SELECT site_id FROM kept_sites)) + (
        SELECT count(*) FROM events WHERE state IN ('sending', 'unknown') AND state = 'sending'
        AND site_id NOT IN (SELECT site_id FROM kept_sites)
    ) AS pending,
    (SELECT count(*) FROM events WHERE state = 'held' AND site_id IN (SELECT site_id FROM kept_sites))
    + (SELECT count(*) FROM events WHERE state = 'ready' AND site_id IN (SELECT site_id FROM kept_sites)) AS kept
