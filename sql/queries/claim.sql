-- name: ready_heads
-- Grain: the first ready event of each lane that has nothing in flight, nothing in doubt and nothing that a recovery has
-- still to look at, oldest first. What a batch left in doubt, and reading back did not show, goes alone the next time:
-- its answer cannot be another's then, and one that the service fails at cannot block the others for ever. One that was
-- refused before holds nobody up: until this run has read its client or reward, it is passed over. What lies
-- in the service's future waits; what comes after it in its lane is later still.
-- OFFSET 0 changes no answer. It keeps PostgreSQL from turning a look at a few rows of one lane into a join of all that
-- is ready with itself, anew in each turn: asked for one event after the other, it stops where it has found enough.
SELECT event_id, kind, target, site_id, lane, client_id, action, points, source, source_id, action_at,
    action_fraction, reward_id, payout_id, amount, eligibility_on, description, run_id, first_state,
    EXISTS (
        SELECT 1 FROM answers WHERE answers.attempt_id = events.attempt_id
        AND answers.verdict = 'unknown'
    ) AS goes_alone
FROM events
WHERE state = 'ready' AND target = :target AND site_id = :site_id AND (read_run_id IS NULL OR read_run_id = :run_id)
AND (action_at IS NULL OR action_at <= :latest_at)
AND NOT EXISTS (
    SELECT 1 FROM events AS busy WHERE busy.lane = events.lane AND busy.state IN ('sending', 'unknown')
    LIMIT 1 OFFSET 0
)
AND NOT EXISTS (
    SELECT 1 FROM events AS earlier WHERE earlier.lane = events.lane AND earlier.state = 'ready'
    AND (earlier.read_run_id IS NULL OR earlier.read_run_id = :run_id)
    AND (earlier.order_at, earlier.file_id, earlier.ordinal) < (events.order_at, events.file_id, events.ordinal)
    LIMIT 1 OFFSET 0
)
AND NOT EXISTS (SELECT 1 FROM recovering WHERE recovering.lane = events.lane LIMIT 1 OFFSET 0)
ORDER BY order_at, file_id, ordinal LIMIT :limit

-- name: next_time
-- When the next event may go that lies in the service's future.
SELECT min(order_at) AS next_at FROM events
WHERE state = 'ready' AND target = :target AND site_id = :site_id AND order_at > :latest_at
AND action_at > :latest_at

-- name: open_attempts
-- Grain: one attempt per event. Given: a JSON object, by event id, each with its fingerprint. As everywhere in this
-- file, one statement serves a whole turn of the posting loop, on SQLite and PostgreSQL alike.
INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint, lane)
SELECT key, :run_id, :claimed_at, :lease_until, value ->> 'fingerprint',
    CASE WHEN events.target = 'mindbody' THEN events.lane END
FROM json_each(:given) JOIN events ON events.event_id = key WHERE true
RETURNING event_id, attempt_id

-- name: claim_events
-- Only what is still ready can be claimed; the index on lanes refuses a second one of the same lane. Should its
-- process die, the service still has its time after the lease before anybody reads back. Given: attempts by event id.
UPDATE events SET state = 'sending', state_at = :claimed_at, state_run_id = :run_id, state_reason = 'claimed',
    attempt_id = given.attempt_id, lease_until = :lease_until, settle_at = :settle_at
FROM (SELECT key AS event_id, CAST(value ->> 'attempt_id' AS INTEGER) AS attempt_id FROM json_each(:given)) AS given
WHERE events.event_id = given.event_id AND events.state = 'ready'

-- name: record_answers
-- Grain: one answer per attempt. Given: answers by event id.
INSERT INTO answers (
    attempt_id, answered_at, verdict, http_status, code, message, duration_ms, balance, returned, is_echo
)
SELECT CAST(value ->> 'attempt_id' AS INTEGER), :answered_at, value ->> 'verdict',
    CAST(value ->> 'http_status' AS INTEGER), value ->> 'code', value ->> 'message',
    CAST(value ->> 'duration_ms' AS DOUBLE PRECISION), CAST(value ->> 'balance' AS BIGINT), value ->> 'returned',
    CAST(value ->> 'is_echo' AS BOOLEAN)
FROM json_each(:given) WHERE true

-- name: end_attempts
-- The answer moves its event only while the event still belongs to that attempt: in flight; or declared lost, or even
-- set back to ready, where the answer confirms it after all. Given: as to record_answers, with the state after.
UPDATE events SET state = given.state, state_at = :answered_at, state_run_id = :run_id, state_reason = given.message,
    lease_until = NULL, settle_at = CASE WHEN given.state = 'unknown' THEN :settle_at END
FROM (
    SELECT key AS event_id, CAST(value ->> 'attempt_id' AS INTEGER) AS attempt_id, value ->> 'state' AS state,
        value ->> 'message' AS message
    FROM json_each(:given)
) AS given
WHERE events.event_id = given.event_id AND events.attempt_id = given.attempt_id
AND (events.state = 'sending' OR (events.state IN ('unknown', 'ready') AND given.state = 'posted'))

-- name: stale_claims
-- Grain: one row. What is still claimed by processes that died, and the oldest of these leases. Both states are named
-- for the index of what is in flight, as in declare_lost.
SELECT count(*) AS events, min(lease_until) AS oldest_at FROM events
WHERE state IN ('sending', 'unknown') AND state = 'sending' AND lease_until < :now

-- name: declare_lost
-- A claim whose lease is over belongs to a process that died: its request may have left. When it may be read back was
-- written down with the claim. Given: a JSON object whose keys are the runs that are known to live. Both states are
-- named, here and below, since by both the index has what is in flight: few rows, in a ledger of any age.
UPDATE events SET state = 'unknown', state_at = :now, state_run_id = :run_id,
    state_reason = 'its process ended before an answer was recorded', lease_until = NULL
WHERE state IN ('sending', 'unknown') AND state = 'sending' AND lease_until < :now
AND state_run_id NOT IN (SELECT key FROM json_each(:alive))

-- name: doubt_again
-- What is about to be sent again, and of which an earlier request may have left, when the reading that set it back is
-- older than the service takes: that request may have landed since. A person's ruling stands. Only the first of a lane,
-- as claims take them, and none where something of the lane is in flight or in doubt.
UPDATE events SET state = 'unknown', state_at = :now, state_run_id = :run_id, settle_at = :now,
    state_reason = 'it was set back a while ago, and is read again before it is sent again'
WHERE event_id IN (
    SELECT again.event_id FROM events AS again
    WHERE again.state = 'ready' AND again.attempt_id IS NOT NULL AND again.state_at < :before_at
    AND EXISTS (
        SELECT 1 FROM possible_requests WHERE possible_requests.event_id = again.event_id
        AND (verdict IS NULL OR verdict = 'unknown')
    )
    AND NOT EXISTS (
        SELECT 1 FROM events AS busy WHERE busy.lane = again.lane AND busy.state IN ('sending', 'unknown')
    )
    AND NOT EXISTS (
        SELECT 1 FROM events AS earlier WHERE earlier.lane = again.lane AND earlier.state = 'ready'
        AND (earlier.order_at, earlier.file_id, earlier.ordinal) < (again.order_at, again.file_id, again.ordinal)
    )
    AND NOT EXISTS (
        SELECT 1 FROM settlements
        WHERE settlements.event_id = again.event_id AND settlements.attempt_id = again.attempt_id
        AND settlements.ruled_by IS NOT NULL
    )
)

-- name: open_work
-- Grain: one row per target and site that has something to post.
SELECT target, site_id, count(*) AS events_count FROM events WHERE state = 'ready'
AND site_id NOT IN (SELECT site_id FROM kept_sites) GROUP BY target, site_id
ORDER BY target, site_id

-- name: ready_among
-- Which of these events wait to be sent.
SELECT event_id FROM events WHERE event_id IN :event_ids AND state = 'ready'

-- name: waiting_times
-- When each claimed or doubtful event can be looked at: when its lease ends, or when the service has had its time.
SELECT event_id, target, site_id, CASE WHEN state = 'sending' THEN lease_until ELSE settle_at END AS settle_at
FROM events WHERE state IN ('sending', 'unknown') AND site_id NOT IN (SELECT site_id FROM kept_sites)

-- name: take_calls
-- Reserve calls before they are made; no row comes back where the day's budget does not hold them.
INSERT INTO call_counts (target, day_on, calls) VALUES (:target, :day_on, :calls)
ON CONFLICT (target, day_on) DO UPDATE SET calls = call_counts.calls + :calls
WHERE call_counts.calls + :calls <= :calls_per_day RETURNING calls

-- name: calls_made
-- No row comes back on a day without calls.
SELECT calls FROM call_counts WHERE target = :target AND day_on = :day_on

-- name: left_to_post
-- Grain: one row per site with events that the next nights have to send, and how many these are.
SELECT site_id, count(*) AS events FROM events
WHERE state = 'ready' AND target = :target AND site_id NOT IN (SELECT site_id FROM kept_sites)
GROUP BY site_id
