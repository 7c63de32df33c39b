-- name: last_sending_run
-- The last run before this one that may have sent something: one that could not start did not. Backward from this one, run
-- by run, which the cross join says: there are few between, and ever more before.
SELECT runs.run_id, run_numbers.number, runs.started_at, runs.finished_at, runs.failure FROM run_numbers CROSS JOIN runs
WHERE runs.run_id = run_numbers.run_id AND runs.kind IN ('nightly', 'upload') AND (runs.finished_at IS NULL OR runs.summary IS NOT NULL)
AND run_numbers.number < (SELECT number FROM run_numbers WHERE run_id = :run_id)
ORDER BY run_numbers.number DESC LIMIT 1

-- name: clients_next_in_turn
-- Grain: one row per client of the next events to be sent, in their order: a forgotten night sent them in the same. What
-- a person keeps of a site that has left is not sent, and must not stand before those that are.
SELECT site_id, client_id, min(place) AS first_place FROM (
    SELECT site_id, client_id, row_number() OVER (ORDER BY order_at, file_id, ordinal) AS place
    FROM events WHERE state = 'ready' AND target = 'mindbody'
    AND site_id NOT IN (SELECT site_id FROM kept_sites)
) AS next_events
GROUP BY site_id, client_id ORDER BY first_place LIMIT :most

-- name: clients_sent_last
-- Grain: one row per client of the last claims.
SELECT events.site_id, events.client_id, max(last_attempts.attempt_id) AS last_id FROM (
    SELECT attempt_id, event_id FROM attempts ORDER BY attempt_id DESC LIMIT 100
) AS last_attempts
JOIN events ON events.event_id = last_attempts.event_id
WHERE events.target = 'mindbody'
GROUP BY events.site_id, events.client_id ORDER BY last_id DESC LIMIT :most

-- name: history_of_client
-- Grain: one row per event of the client, whatever became of it.
SELECT event_id, action, points, source, source_id, action_at, state FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id

-- name: explained_entries
-- Entries at the service that no event accounts for and that a person has answered for.
SELECT action_at, points FROM breaks
WHERE site_id = :site_id AND client_id = :client_id AND class = 'unexpected_remote'
AND state IN ('acknowledged', 'resolved') AND action_at IS NOT NULL AND points IS NOT NULL
