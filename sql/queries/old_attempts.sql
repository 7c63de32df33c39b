-- name: old_attempts
-- Grain: one row per event that is over for good, with its one attempt and the answer that confirmed it, by attempt. What
-- somebody may still need stays: an event of two requests, read back, refused, watched, not compared, or of a client or
-- reward with a difference that is not closed; the last of each client or reward, which tells where the next one starts;
-- and one after which the client's balance was not read, or that a chain of balances is reckoned over.
SELECT attempts.attempt_id, attempts.event_id, attempts.run_id, attempts.claimed_at, attempts.lease_until,
    attempts.fingerprint, attempts.lane, answers.answered_at, answers.verdict, answers.http_status, answers.code,
    answers.message, answers.duration_ms, answers.balance, answers.returned, answers.is_echo, events.state_at
FROM attempts JOIN answers ON answers.attempt_id = attempts.attempt_id AND answers.verdict = 'posted'
JOIN events ON events.event_id = attempts.event_id AND events.attempt_id = attempts.attempt_id
WHERE attempts.attempt_id > :after_id AND events.state = 'posted' AND events.state_at < :before_at
AND events.compared_at IS NOT NULL AND (events.watch_from_at IS NULL OR events.watch_over_at IS NOT NULL)
AND NOT EXISTS (
    SELECT 1 FROM attempts AS others
    WHERE others.event_id = attempts.event_id AND others.attempt_id <> attempts.attempt_id
)
AND NOT EXISTS (SELECT 1 FROM settlements WHERE settlements.event_id = attempts.event_id)
AND NOT EXISTS (
    SELECT 1 FROM breaks WHERE breaks.state <> 'closed' AND (
        breaks.event_id = events.event_id
        OR (breaks.site_id = events.site_id AND breaks.client_id = events.client_id)
    )
)
AND EXISTS (
    SELECT 1 FROM events AS later WHERE later.lane = events.lane AND later.state = 'posted'
    AND later.attempt_id > events.attempt_id
)
AND (events.target <> 'mindbody' OR EXISTS (
    SELECT 1 FROM client_balances WHERE client_balances.site_id = events.site_id
    AND client_balances.client_id = events.client_id AND client_balances.read_at > events.state_at
))
AND coalesce((
    SELECT readings.last_attempt_id FROM balance_readings AS readings
    WHERE readings.site_id = events.site_id AND readings.client_id = events.client_id
    ORDER BY readings.reading_id DESC LIMIT 1
), attempts.attempt_id) >= attempts.attempt_id
ORDER BY attempts.attempt_id LIMIT :most

-- name: old_moves
-- Grain: one row per move of these events, in order. Given: a JSON object whose keys are event ids.
SELECT transition_id, event_id, from_state, to_state, at, run_id, reason, attempt_id FROM transitions
WHERE event_id IN (SELECT key FROM json_each(:given)) ORDER BY transition_id

-- name: mark_moved_out
-- What may be deleted, for as long as a transaction takes. Given: a JSON object, by event id, of its attempt.
INSERT INTO moving_out (attempt_id, event_id, archive_id)
SELECT CAST(value ->> 'attempt_id' AS INTEGER), key, :archive_id FROM json_each(:given) WHERE true

-- name: delete_moved_moves
DELETE FROM transitions WHERE event_id IN (SELECT event_id FROM moving_out)

-- name: delete_moved_answers
DELETE FROM answers WHERE attempt_id IN (SELECT attempt_id FROM moving_out)

-- name: delete_moved_attempts
DELETE FROM attempts WHERE attempt_id IN (SELECT attempt_id FROM moving_out)

-- name: end_moving_out
DELETE FROM moving_out

-- name: archives_of_attempt
-- Which files the attempt may lie in, by the first and last one of each.
SELECT name, sha256 FROM attempt_archives
WHERE first_attempt_id <= :attempt_id AND last_attempt_id >= :attempt_id ORDER BY archive_id
