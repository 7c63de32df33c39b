-- name: watched_clients
-- Grain: one row per client with events under watch, the longest watched first.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND watch_from_at IS NOT NULL AND watch_over_at IS NULL
GROUP BY site_id, client_id ORDER BY min(watch_from_at), site_id, client_id

-- name: watched_events
-- Grain: one row per event under watch, and how many requests of it may have left; the longest watched first.
SELECT events.event_id, events.kind, events.target, events.site_id, events.client_id, events.reward_id, events.state,
    events.points, events.amount, events.action_at, events.watch_from_at, files.name AS file, events.sheet,
    events.row_number, (
        SELECT count(*) FROM possible_requests WHERE possible_requests.event_id = events.event_id
    ) AS requests
FROM events JOIN files ON files.file_id = events.file_id
WHERE events.watch_from_at IS NOT NULL AND events.watch_over_at IS NULL
ORDER BY events.watch_from_at, events.event_id

-- name: end_watch_of_client
-- What was looked at by a reading that began after the grace time; ``due_at`` is that time before the reading.
UPDATE events SET watch_over_at = :read_at
WHERE target = 'mindbody' AND site_id = :site_id AND client_id = :client_id
AND watch_from_at IS NOT NULL AND watch_over_at IS NULL AND watch_from_at <= :due_at
AND action_at >= :since_at AND action_at < :until_at

-- name: end_watch_of_rewards
-- All rewards are read at once.
UPDATE events SET watch_over_at = :read_at
WHERE target = 'referral_rock' AND watch_from_at IS NOT NULL AND watch_over_at IS NULL AND watch_from_at <= :due_at

-- name: posted_since
-- Grain: one row per posted event of the runs that started since, by way of the runs: few, whatever the ledger's age.
SELECT site_id, client_id, action_at, state_at, compared_at FROM events
WHERE target = 'mindbody' AND state = 'posted' AND event_id IN (
    SELECT events.event_id FROM runs JOIN events ON events.run_id = runs.run_id WHERE runs.started_at >= :since_at
    UNION
    SELECT run_carried.event_id FROM runs JOIN run_carried ON run_carried.run_id = runs.run_id
    WHERE runs.started_at >= :since_at
)
