-- name: doubtful_events
-- Grain: one row per event in doubt whose time has come, with what the last attempt knew.
SELECT events.event_id, events.kind, events.target, events.site_id, events.client_id, events.action, events.points,
    events.source, events.source_id, events.action_at, events.reward_id, events.payout_id, events.amount,
    events.eligibility_on, events.description, events.attempt_id
FROM events WHERE state = 'unknown' AND target = :target AND site_id = :site_id AND settle_at <= :now
ORDER BY order_at, file_id, ordinal

-- name: doubtful_sites
SELECT target, site_id, count(*) AS events_count FROM events WHERE state = 'unknown' AND settle_at <= :now
GROUP BY target, site_id ORDER BY target, site_id

-- name: confirmed_count
-- How many equal transactions of this client the ledger knows to have taken effect.
SELECT count(*) FROM events
WHERE state = 'posted' AND site_id = :site_id AND client_id = :client_id AND action = :action AND points = :points
AND action_at = :action_at
AND coalesce(source, '') = coalesce(:source, '') AND coalesce(source_id, 0) = coalesce(:source_id, 0)

-- name: confirmed_other_times_count
SELECT count(*) FROM events
WHERE state = 'posted' AND site_id = :site_id AND client_id = :client_id AND action = :action AND points = :points
AND action_at <> :action_at AND action_at >= :since_at AND action_at < :until_at
AND coalesce(source, '') = coalesce(:source, '') AND coalesce(source_id, 0) = coalesce(:source_id, 0)

-- name: last_balance
-- The balance that the service last reported after an event of this client; null where it never did.
SELECT answers.balance, answers.answered_at FROM answers
JOIN attempts ON attempts.attempt_id = answers.attempt_id
JOIN events ON events.event_id = attempts.event_id
WHERE events.site_id = :site_id AND events.client_id = :client_id AND answers.balance IS NOT NULL
ORDER BY answers.attempt_id DESC LIMIT 1

-- name: settle_event
UPDATE events SET state = :state, state_at = :now, state_run_id = :run_id, state_reason = :reason, settle_at = NULL
WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'unknown'

-- name: postpone_settling
UPDATE events SET settle_at = :settle_at WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'unknown'
