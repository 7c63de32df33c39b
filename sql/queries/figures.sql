-- name: oldest_open
-- Grain: one row. Since when the oldest event waits to be sent, and the oldest one is in doubt; null where there is none.
SELECT
    (SELECT min(registered_at) FROM events WHERE state = 'ready' AND site_id NOT IN (SELECT site_id FROM kept_sites))
        AS pending_since_at,
    (SELECT min(registered_at) FROM events WHERE state = 'unknown') AS unknown_since_at

-- name: last_ended_runs
-- Grain: one row per kind of run: the last one that ended.
SELECT runs.kind, runs.run_id, runs.started_at, runs.finished_at, runs.failure, runs.summary
FROM runs JOIN (
    SELECT kind, max(started_at) AS last_at FROM runs
    WHERE finished_at IS NOT NULL AND kind IN ('nightly', 'upload', 'settle', 'reconcile') GROUP BY kind
) AS latest ON latest.kind = runs.kind AND latest.last_at = runs.started_at
WHERE runs.finished_at IS NOT NULL
ORDER BY runs.kind, runs.run_id
