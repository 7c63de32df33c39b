-- name: open_breaks
-- Grain: one row per break that is not closed or resolved.
SELECT * FROM breaks WHERE state IN ('open', 'acknowledged') ORDER BY opened_on, break_id

-- name: all_breaks
SELECT * FROM breaks ORDER BY opened_on, break_id

-- name: open_break
INSERT INTO breaks (
    break_id, class, target, site_id, client_id, reward_id, points, amount, action_at, event_id, opened_on,
    opened_run_id, state
) VALUES (
    :break_id, :class, :target, :site_id, :client_id, :reward_id, :points, :amount, :action_at, :event_id, :opened_on,
    :run_id, 'open'
)
ON CONFLICT (break_id) DO UPDATE SET class = :class, points = :points, amount = :amount,
    state = CASE WHEN breaks.state = 'closed' THEN 'open' ELSE breaks.state END,
    closed_run_id = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.closed_run_id END,
    owner = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.owner END,
    reason = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.reason END

-- name: close_break
UPDATE breaks SET state = 'closed', closed_run_id = :run_id
WHERE break_id = :break_id AND state IN ('open', 'acknowledged')

-- name: clients_of_run
-- Grain: one row per client with events that the run answers for, and the time that they span.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state IN ('posted', 'unknown', 'refused') AND event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
)
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: clients_not_compared
-- Grain: one row per client with posted events that no reading has compared yet: a service was out of reach, or a run
-- died before it read back.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state = 'posted' AND compared_at IS NULL
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: mark_compared
UPDATE events SET compared_at = :compared_at WHERE event_id = :event_id

-- name: clients_of_period
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state IN ('posted', 'unknown', 'refused')
AND action_at >= :since_at AND action_at < :until_at
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: events_of_client
-- Grain: one row per event of the client that the service was told of, in the time read.
SELECT event_id, state, state_at AS settled_at, site_id, client_id, action, points, source, source_id, action_at
FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state IN ('posted', 'unknown', 'refused')
AND action_at >= :since_at AND action_at < :until_at
ORDER BY order_at, file_id, ordinal

-- name: last_updates
-- Grain: one row per reward: its last update that took effect, and those in doubt or refused.
SELECT event_id, state, state_at AS settled_at, reward_id, payout_id, amount, eligibility_on, description FROM events
WHERE target = 'referral_rock' AND (
    state IN ('unknown', 'refused')
    OR (state = 'posted' AND reward_version = (
        SELECT max(later.reward_version) FROM events AS later
        WHERE later.lane = events.lane AND later.state = 'posted'
    ))
)
ORDER BY order_at, file_id, ordinal
