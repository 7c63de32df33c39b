-- name: clients_facts
-- Grain: one row per client that is asked for: its latest reading, and what speaks against sparing the next one. Each
-- look-up goes by an index of few rows, whatever the ledger's age. Given: a JSON object by lane, with site and client.
-- The latest reading is looked up apart, or PostgreSQL would go through all of them to join one.
WITH given AS MATERIALIZED (
    SELECT key, value, (
        SELECT max(readings.reading_id) FROM balance_readings AS readings
        WHERE readings.site_id = value ->> 'site_id' AND readings.client_id = value ->> 'client_id'
    ) AS reading_id FROM json_each(:given)
)
SELECT given.key AS lane, given.value ->> 'site_id' AS site_id, given.value ->> 'client_id' AS client_id,
    latest.is_base, latest.balance, latest.read_at, latest.last_attempt_id,
    EXISTS (
        SELECT 1 FROM events WHERE events.lane = given.key AND events.state IN ('sending', 'unknown')
    ) AS is_doubtful,
    EXISTS (
        SELECT 1 FROM events WHERE events.target = 'mindbody' AND events.site_id = given.value ->> 'site_id'
        AND events.client_id = given.value ->> 'client_id'
        AND events.watch_from_at IS NOT NULL AND events.watch_over_at IS NULL
    ) AS is_watched,
    EXISTS (
        SELECT 1 FROM breaks WHERE breaks.site_id = given.value ->> 'site_id'
        AND breaks.client_id = given.value ->> 'client_id'
        -- Both, the first for the index of those that are not closed.
        AND breaks.state <> 'closed' AND breaks.state IN ('open', 'acknowledged')
    ) AS has_break,
    (
        SELECT count(*) FROM events WHERE events.site_id = given.value ->> 'site_id'
        AND events.client_id = given.value ->> 'client_id' AND events.state = 'posted' AND events.compared_at IS NULL
    ) AS unread_count,
    (
        SELECT min(events.state_at) FROM events WHERE events.site_id = given.value ->> 'site_id'
        AND events.client_id = given.value ->> 'client_id' AND events.state = 'posted' AND events.compared_at IS NULL
    ) AS waits_since_at
FROM given LEFT JOIN balance_readings AS latest ON latest.reading_id = given.reading_id
ORDER BY given.key

-- name: chain_links
-- Grain: one row per request of the clients since the reading that each is reckoned from, that may have reached the
-- service; one of which no answer is recorded is among them, with nulls. Given: a JSON object by lane, with the last
-- attempt before that reading.
SELECT attempts.lane, attempts.attempt_id, events.event_id, events.action, events.points, answers.verdict,
    answers.is_echo, answers.balance, answers.answered_at,
    events.state = 'posted' AND events.compared_at IS NULL AND events.attempt_id = attempts.attempt_id AS is_unread
FROM json_each(:given) AS given
JOIN attempts ON attempts.lane = given.key
    AND attempts.attempt_id > CAST(given.value ->> 'last_attempt_id' AS INTEGER)
JOIN events ON events.event_id = attempts.event_id
LEFT JOIN answers ON answers.attempt_id = attempts.attempt_id
-- As the view possible_requests: turned away at the door, or never sent at all, moved nothing.
WHERE answers.attempt_id IS NULL OR (
    coalesce(answers.http_status, 0) NOT IN (401, 429)
    AND NOT (answers.http_status IS NULL AND answers.verdict = 'retry')
)
ORDER BY attempts.attempt_id

-- name: clients_to_post
-- Grain: one row per client with events that are sent next, or in doubt, and the times that they span.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM (
    SELECT site_id, client_id, action_at FROM events WHERE state = 'ready' AND target = 'mindbody'
    UNION ALL
    SELECT site_id, client_id, action_at FROM events WHERE state IN ('sending', 'unknown') AND target = 'mindbody'
) AS next GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: last_attempts
-- Grain: one row per client that is asked for: the last request that was ever claimed for it. Given: as clients_facts.
SELECT given.key AS lane, (SELECT max(attempt_id) FROM attempts WHERE attempts.lane = given.key) AS last_attempt_id
FROM json_each(:given) AS given

-- name: agreed_count
-- How many chains of the site agreed with a reading since the last that did not, counted no further than is enough.
SELECT count(*) FROM (
    SELECT 1 FROM balance_readings WHERE site_id = :site_id AND agrees AND reading_id > coalesce(
        (SELECT max(reading_id) FROM balance_readings WHERE site_id = :site_id AND NOT agrees), 0
    )
    LIMIT :most
) AS agreed
