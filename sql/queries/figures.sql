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
