-- name: events_of_period
-- Grain: one row per event whose action lies in the period; of rewards, which tell no time, per event that was taken in
-- in it. Walks through all events: it is asked by a person, once a month, and an index would cost every night.
SELECT events.event_id, events.kind, events.site_id, events.client_id, events.reward_id, events.points, events.amount,
    events.source, events.source_id, events.action_at, events.registered_at, events.state, events.state_at,
    events.first_state, events.compared_at, events.attempt_id, events.lane, events.run_id,
    events.content_key = events.event_id AS is_taking_back, files.name AS file, events.sheet, events.row_number,
    event_staff.staff,
    (
        events.first_state = 'held' AND events.state IN ('held', 'discarded') AND EXISTS (
            SELECT 1 FROM transitions
            WHERE transitions.event_id = events.event_id AND transitions.from_state = 'ready'
        )
    ) AS was_let_go,
    (
        events.target = 'referral_rock' AND events.state = 'posted' AND EXISTS (
            SELECT 1 FROM events AS later WHERE later.lane = events.lane AND later.state = 'posted'
            AND later.reward_version > events.reward_version AND later.registered_at < :taken_until_at
        )
    ) AS was_replaced
FROM events JOIN files ON files.file_id = events.file_id LEFT JOIN event_staff ON event_staff.event_id = events.event_id
WHERE (events.target = 'mindbody' AND events.action_at >= :since_at AND events.action_at < :until_at)
OR (events.target = 'referral_rock' AND events.registered_at >= :taken_since_at
    AND events.registered_at < :taken_until_at)
ORDER BY events.file_id, events.ordinal

-- name: duplicates_of_period
-- Grain: one row per event of the period that later rows brought again: how often.
SELECT duplicates.event_id, count(*) AS times_count
FROM events JOIN duplicates ON duplicates.event_id = events.event_id
WHERE (events.target = 'mindbody' AND events.action_at >= :since_at AND events.action_at < :until_at)
OR (events.target = 'referral_rock' AND events.registered_at >= :taken_since_at
    AND events.registered_at < :taken_until_at)
GROUP BY duplicates.event_id

-- name: rejected_of_period
-- Grain: one row per file that was taken in in the period, kind and site: the rows that need fixing tell no day for sure.
SELECT files.file_id, sheet_totals.kind, sheet_totals.site_id, sheet_totals.row_count, sheet_totals.points,
    sheet_totals.points_quintillions, sheet_totals.amount
FROM files CROSS JOIN sheet_totals
WHERE files.registered_at >= :taken_since_at AND files.registered_at < :taken_until_at
AND sheet_totals.file_id = files.file_id AND sheet_totals.fate = 'rejected'

-- name: rejected_cells
-- Grain: one row per wrong cell of these files, in the order of their rows. Given: a JSON object whose keys are file ids.
SELECT files.file_id, files.name AS file, files.registered_at, rejections.sheet, rejections.row_number,
    files.default_site_id, rejections.column_heading, rejections.value, rejections.message
FROM json_each(:given) AS given CROSS JOIN files CROSS JOIN rejections
WHERE files.file_id = CAST(given.key AS INTEGER) AND rejections.file_id = files.file_id
ORDER BY rejections.file_id, rejections.rejection_id

-- name: breaks_with_days
-- Grain: one row per break there ever was, with the moment that it is about, and when it ended last.
SELECT breaks.*, coalesce(breaks.action_at, events.action_at) AS about_at, events.registered_at, balance_gaps.until_at,
    runs.started_at, (
        SELECT max(break_moves.moved_at) FROM break_moves
        WHERE break_moves.break_id = breaks.break_id AND break_moves.move IN ('closed', 'resolved')
    ) AS ended_at
FROM breaks JOIN runs ON runs.run_id = breaks.opened_run_id
LEFT JOIN events ON events.event_id = breaks.event_id
LEFT JOIN balance_gaps ON balance_gaps.break_id = breaks.break_id
ORDER BY breaks.opened_on, breaks.break_id

-- name: base_readings
-- Grain: one row per reading of these clients that answers can be reckoned from, in order. Given: by lane site and client.
SELECT given.key AS lane, balance_readings.reading_id, balance_readings.read_at, balance_readings.balance,
    balance_readings.last_attempt_id
FROM json_each(:given) AS given CROSS JOIN balance_readings
WHERE balance_readings.site_id = given.value ->> 'site_id' AND balance_readings.client_id = given.value ->> 'client_id'
AND balance_readings.is_base
ORDER BY balance_readings.reading_id

-- name: posted_after
-- Grain: one row per posted event of these clients after an attempt, in the order of attempts, with the balance that its
-- answer told. Given: by lane that attempt.
SELECT events.lane, events.attempt_id, events.action, events.points, answers.balance
FROM json_each(:given) AS given CROSS JOIN events LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.lane = given.key AND events.state = 'posted'
AND events.attempt_id > CAST(given.value ->> 'after_id' AS INTEGER)
ORDER BY events.lane, events.attempt_id

-- name: gaps_and_parts
-- Grain: one row per break of these clients that says why a balance moved: found_at of a gap when it was read, else when
-- the run began that found it; closed_at when the run began that saw it gone. Given: by lane site and client.
SELECT given.key AS lane, breaks.break_id, breaks.class, breaks.state,
    coalesce(balance_gaps.more, balance_parts.more) AS more,
    balance_parts.gap_id, balance_gaps.break_id IS NOT NULL AS is_gap,
    coalesce(balance_gaps.until_at, runs.started_at) AS found_at, ended.started_at AS closed_at
FROM json_each(:given) AS given CROSS JOIN breaks
LEFT JOIN balance_gaps ON balance_gaps.break_id = breaks.break_id
LEFT JOIN balance_parts ON balance_parts.break_id = breaks.break_id
LEFT JOIN runs ON runs.run_id = balance_parts.run_id
LEFT JOIN runs AS ended ON ended.run_id = breaks.closed_run_id
WHERE breaks.site_id = given.value ->> 'site_id' AND breaks.client_id = given.value ->> 'client_id'
AND (balance_gaps.break_id IS NOT NULL OR balance_parts.break_id IS NOT NULL)
