-- name: run_is_kept
-- Grain: one row where the run is over. Whether an event that it brought, or a difference that it opened, is open.
SELECT runs.finished_at,
    EXISTS (
        SELECT 1 FROM events WHERE events.run_id = runs.run_id AND (
            events.state IN ('held', 'ready', 'sending', 'unknown')
            OR (events.watch_from_at IS NOT NULL AND events.watch_over_at IS NULL)
            OR events.event_id IN (SELECT event_id FROM recovering)
        )
    ) AS has_open_event,
    EXISTS (
        SELECT 1 FROM breaks LEFT JOIN events ON events.event_id = breaks.event_id
        WHERE breaks.state IN ('open', 'acknowledged')
        AND (breaks.opened_run_id = runs.run_id OR events.run_id = runs.run_id)
    ) AS has_open_break
FROM runs WHERE runs.run_id = :run_id AND runs.finished_at IS NOT NULL

-- name: file_is_kept
-- Grain: one row per file with this content, for whichever site. Whether an event of it, or a difference, is open.
SELECT files.registered_at,
    EXISTS (
        SELECT 1 FROM events WHERE events.run_id = files.run_id AND events.file_id = files.file_id AND (
            events.state IN ('held', 'ready', 'sending', 'unknown')
            OR (events.watch_from_at IS NOT NULL AND events.watch_over_at IS NULL)
            OR events.event_id IN (SELECT event_id FROM recovering)
        )
    ) AS has_open_event,
    EXISTS (
        SELECT 1 FROM breaks JOIN events ON events.event_id = breaks.event_id
        WHERE breaks.state IN ('open', 'acknowledged') AND events.file_id = files.file_id
    ) AS has_open_break
FROM files WHERE files.sha256 = :sha256
