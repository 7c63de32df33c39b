-- name: oldest_open
-- Grain: one row. Since when the oldest event waits to be sent, and the oldest one is in doubt; null where there is none.
SELECT
    (SELECT min(registered_at) FROM events WHERE state = 'ready' AND site_id NOT IN (SELECT site_id FROM kept_sites))
        AS pending_since_at,
    (SELECT min(registered_at) FROM events WHERE state IN ('sending', 'unknown') AND state = 'unknown') AS unknown_since_at

-- name: last_ended_runs
-- Grain: one row per kind of run: the last one that ended.
SELECT runs.kind, runs.run_id, runs.started_at, runs.finished_at, runs.failure, runs.summary
FROM (
    SELECT 'nightly' AS kind UNION ALL SELECT 'upload' UNION ALL SELECT 'settle' UNION ALL SELECT 'reconcile'
) AS kinds JOIN runs ON runs.run_id = (
    SELECT latest.run_id FROM runs AS latest WHERE latest.kind = kinds.kind AND latest.finished_at IS NOT NULL
    ORDER BY latest.started_at DESC, latest.run_id DESC LIMIT 1
)
WHERE runs.finished_at IS NOT NULL
ORDER BY runs.kind, runs.run_id

-- name: ledger_stamp
-- Grain: one row. What moves with whatever a report of a period is made of: the last of each kind of record, and the runs
-- that are not over (a run changes events and differences before it writes a record of it). seen_at: of those, the last.
SELECT
    (SELECT max(number) FROM run_numbers) AS run_number,
    (SELECT max(file_id) FROM files) AS file_id,
    (SELECT max(attempt_id) FROM attempts) AS attempt_id,
    (SELECT max(transition_id) FROM transitions) AS transition_id,
    (SELECT max(move_id) FROM break_moves) AS move_id,
    (SELECT max(closing_id) FROM closings) AS closing_id,
    (SELECT max(reading_id) FROM balance_readings) AS reading_id,
    (SELECT max(decision_id) FROM event_decisions) AS event_decision_id,
    (SELECT max(decision_id) FROM break_decisions) AS break_decision_id,
    (SELECT max(signature_id) FROM signatures) AS signature_id,
    (SELECT count(*) FROM runs WHERE finished_at IS NULL) AS unfinished_count,
    (SELECT max(seen_at) FROM runs WHERE finished_at IS NULL) AS seen_at
