-- name: doubtful_events
-- Grain: one row per event in doubt whose time has come, with what the last attempt knew.
SELECT events.event_id, events.kind, events.target, events.site_id, events.client_id, events.action, events.points,
    events.source, events.source_id, events.action_at, events.reward_id, events.payout_id, events.amount,
    events.eligibility_on, events.description, events.attempt_id,
    EXISTS (
        SELECT 1 FROM answers WHERE answers.attempt_id = events.attempt_id
        AND answers.http_status >= 200 AND answers.http_status < 300
    ) AS was_answered,
    (SELECT answers.returned FROM answers WHERE answers.attempt_id = events.attempt_id) AS returned
FROM events WHERE state IN ('sending', 'unknown') AND state = 'unknown' AND target = :target AND site_id = :site_id
AND settle_at <= :now
ORDER BY order_at, file_id, ordinal

-- name: doubtful_sites
-- Grain: one row per target and site with events in doubt that may be read back by now.
SELECT target, site_id, count(*) AS events_count FROM events
WHERE state IN ('sending', 'unknown') AND state = 'unknown' AND settle_at <= :now
AND site_id NOT IN (SELECT site_id FROM kept_sites)
GROUP BY target, site_id ORDER BY target, site_id

-- name: confirmed_kin_count
-- What else of the client has the event's time, action and points, under another source.
SELECT count(*) FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state = 'posted' AND action = :action AND points = :points
AND action_at = :action_at
AND NOT (coalesce(source, '') = coalesce(:source, '') AND coalesce(source_id, 0) = coalesce(:source_id, 0))

-- name: confirmed_times
-- The times of this client's transactions that the ledger knows to have taken effect and that are equal in all but
-- the time; a day more on each side, for services whose days are not the site's.
SELECT action_at FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state = 'posted' AND action = :action AND points = :points
AND action_at >= :since_at AND action_at < :until_at
AND coalesce(source, '') = coalesce(:source, '') AND coalesce(source_id, 0) = coalesce(:source_id, 0)
ORDER BY action_at

-- name: confirmed_events
-- All that the ledger knows of the client to have taken effect in that time.
SELECT action, points, source, source_id, action_at, state_at FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state = 'posted'
AND action_at >= :since_at AND action_at < :until_at
ORDER BY action_at

-- name: balances_told_since
-- Grain: one row per answer since then that confirmed an event of the client and told a balance.
SELECT events.action, events.points, answers.balance FROM events
JOIN attempts ON attempts.event_id = events.event_id
JOIN answers ON answers.attempt_id = attempts.attempt_id
WHERE events.lane = 'mindbody:' || :site_id || ':' || :client_id AND answers.verdict = 'posted'
AND answers.balance IS NOT NULL AND answers.answered_at >= :since_at

-- name: requests_in_doubt
-- How many requests of the event may have landed: of each nobody has said that it did nothing.
SELECT count(*) FROM possible_requests
WHERE event_id = :event_id AND (verdict IS NULL OR verdict IN ('unknown', 'posted'))

-- name: possible_doubles
-- Grain: one row per other event that is equal in all but the time, with the requests of it that may have landed and
-- how many of those it is confirmed by. One that was set back, refused or discarded is confirmed by none. And one row
-- per entry that a reading found to be nobody's, of as many points. A break that closed by itself says that its entry
-- is there no more; but one that closed because the entry was offset: both are still there.
SELECT action_at, requests, confirmed FROM (
    SELECT events.action_at, (
            SELECT count(*) FROM possible_requests WHERE possible_requests.event_id = events.event_id
            AND (verdict IS NULL OR verdict IN ('unknown', 'posted'))
        ) AS requests, CASE WHEN events.state = 'posted' THEN 1 ELSE 0 END AS confirmed
    FROM events
    WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND event_id <> :event_id AND attempt_id IS NOT NULL
    AND action = :action AND points = :points AND action_at >= :since_at AND action_at < :until_at
    AND coalesce(source, '') = coalesce(:source, '') AND coalesce(source_id, 0) = coalesce(:source_id, 0)
    UNION ALL
    SELECT breaks.action_at, 1 AS requests, 0 AS confirmed FROM breaks
    WHERE site_id = :site_id AND client_id = :client_id AND event_id IS NULL AND points = :points
    AND class IN ('duplicate_remote', 'unexpected_remote') AND action_at >= :since_at AND action_at < :until_at
    AND (state <> 'closed' OR EXISTS (
        SELECT 1 FROM reversals JOIN events AS offsets ON offsets.event_id = reversals.event_id
        WHERE reversals.break_id = breaks.break_id AND offsets.state = 'posted'
    ))
) AS doubles ORDER BY action_at

-- name: balance_before
-- The client's balance when the last thing before the attempt in doubt was known to be over, and when that was; null
-- where the service did not say it then. Answers that moved nothing are passed over, and so is the doubtful attempt's
-- own.
SELECT balance, told_at FROM (
    SELECT attempts.attempt_id, 0 AS is_settlement, answers.balance, answers.answered_at AS told_at FROM events
    JOIN attempts ON attempts.event_id = events.event_id
    JOIN answers ON answers.attempt_id = attempts.attempt_id
    WHERE events.lane = 'mindbody:' || :site_id || ':' || :client_id AND answers.verdict = 'posted'
    AND attempts.attempt_id < :attempt_id
    UNION ALL
    SELECT settlements.attempt_id, 1 AS is_settlement, settlements.balance, settlements.at AS told_at FROM events
    JOIN settlements ON settlements.event_id = events.event_id
    WHERE events.lane = 'mindbody:' || :site_id || ':' || :client_id AND settlements.decided <> 'unknown'
    AND settlements.attempt_id < :attempt_id
) AS ended
ORDER BY attempt_id DESC, is_settlement DESC LIMIT 1

-- name: settle_event
-- An event moves only while it is in doubt, and only for the attempt that was read back: a late answer, or a person's
-- ruling, may have been faster, and wins.
UPDATE events SET state = :state, state_at = :now, state_run_id = :run_id, state_reason = :reason, settle_at = NULL
WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'unknown'

-- name: postpone_settling
-- Reading back could not decide, so the event stays in doubt and is looked at again later.
UPDATE events SET settle_at = :settle_at WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'unknown'
