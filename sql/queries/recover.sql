-- name: list_unfinished
-- What an older ledger had not finished may have been sent since: it is all looked at. So is what was dropped with its
-- plan, since that may have been taken up again. An undated row has its time once it was accepted, and not before.
INSERT INTO recovering (event_id, target, site_id, lane, has_time, around_at)
SELECT event_id, target, site_id, lane, is_dated OR state IN ('ready', 'unknown'), coalesce(action_at, registered_at)
FROM events
WHERE state IN ('ready', 'unknown', 'held') OR (state = 'discarded' AND state_run_id = run_id)
ON CONFLICT DO NOTHING

-- name: hold_unfinished
-- Nothing of it is sent by itself any more.
UPDATE events SET state = 'held', state_at = :now, state_run_id = :run_id, state_reason = :reason, settle_at = NULL,
    reward_version = NULL
WHERE state IN ('ready', 'unknown')

-- name: at_work_count
-- What another process has claimed and may be sending now.
SELECT count(*) FROM events WHERE state = 'sending'

-- name: list_file
-- What a file of the archive brings that the ledger did not know.
INSERT INTO recovering (event_id, target, site_id, lane, has_time, around_at)
SELECT event_id, target, site_id, lane, is_dated, CASE WHEN is_dated THEN action_at ELSE :kept_at END FROM events
WHERE file_id = :file_id AND state = 'held'
ON CONFLICT DO NOTHING

-- name: note_said
-- What a snapshot says of events that are looked at; what one of them saw posted stays so. Given: by event id.
UPDATE recovering SET said_state = given.state, said_reason = given.reason, said_run_id = :said_run_id
FROM (
    SELECT key AS event_id, value ->> 'state' AS state, value ->> 'reason' AS reason FROM json_each(:given)
) AS given
WHERE recovering.event_id = given.event_id AND coalesce(recovering.said_state, '') <> 'posted'

-- name: pin_time
-- An undated event was sent at the time that it was given then, so that is what the service is asked for.
UPDATE events SET action_at = :action_at, order_at = :action_at
WHERE event_id = :event_id AND state = 'held' AND NOT is_dated AND reward_id IS NULL
AND event_id IN (SELECT event_id FROM recovering)

-- name: pinned
-- Its time is known from here on.
UPDATE recovering SET has_time = :has_time, around_at = :action_at
WHERE event_id = :event_id AND target = 'mindbody' AND event_id IN (SELECT event_id FROM events WHERE NOT is_dated)

-- name: not_in_ledger
-- Of the given event ids (a JSON object's keys) those that no file brought.
SELECT given.key AS event_id FROM json_each(:given) AS given
WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.event_id = given.key)

-- name: recovering_sites
-- Grain: one row per target and site with something to look at.
SELECT target, site_id, count(*) AS events_count, count(DISTINCT lane) AS lanes_count FROM recovering
GROUP BY target, site_id ORDER BY target, site_id

-- name: recovering_clients
-- Grain: one row per client with something to look at, a few at a time, and the time that it spans.
SELECT recovering.lane, min(events.client_id) AS client_id, min(recovering.around_at) AS first_at,
    max(recovering.around_at) AS last_at
FROM recovering JOIN events ON events.event_id = recovering.event_id
WHERE recovering.target = 'mindbody' AND recovering.site_id = :site_id AND recovering.lane > :after_lane
GROUP BY recovering.lane ORDER BY recovering.lane LIMIT :most

-- name: recovering_rewards
-- Grain: one row per reward with something to look at, a few at a time.
SELECT DISTINCT lane FROM recovering WHERE target = 'referral_rock' AND lane > :after_lane ORDER BY lane LIMIT :most

-- name: recovering_events
-- Grain: one row per event of the lane that is looked at, in the order in which they came.
SELECT events.event_id, events.state, events.state_reason, events.action, events.points, events.source,
    events.source_id, events.action_at, events.reward_id, events.payout_id, events.amount, events.eligibility_on,
    events.description, recovering.has_time, recovering.said_state, recovering.said_reason, recovering.said_run_id
FROM recovering JOIN events ON events.event_id = recovering.event_id
WHERE recovering.lane = :lane ORDER BY events.order_at, events.file_id, events.ordinal

-- name: keep_proof
-- One row per event and how it was made out.
INSERT INTO recoveries (event_id, run_id, at, decided, how, reason, evidence)
VALUES (:event_id, :run_id, :now, :decided, :how, :reason, :evidence)

-- name: hold_dropped
-- It was dropped with its plan, and the service shows it all the same.
UPDATE events SET state = 'held', state_at = :now, state_run_id = :run_id, state_reason = :reason, held_for = NULL,
    own_reason = NULL
WHERE event_id = :event_id AND state = 'discarded'

-- name: recover_posted
-- It was sent by a ledger that is lost: the attempt is nobody's to name, unless this ledger made one. It was compared
-- with the service as it was proved, where that showed it.
UPDATE events SET state = 'posted', state_at = :now, state_run_id = :run_id, state_reason = :reason, held_for = NULL,
    attempt_id = coalesce(attempt_id, 0), compared_at = CASE WHEN :was_shown THEN :now ELSE compared_at END,
    reward_version = CASE WHEN reward_id IS NOT NULL THEN 1 + (
        SELECT coalesce(max(accepted.reward_version), 0) FROM events AS accepted WHERE accepted.lane = events.lane
    ) END
WHERE event_id = :event_id AND state = 'held'

-- name: recover_held
-- It waits for a person, who is told what is known of it, and no more for its plan.
UPDATE events SET state_reason = :reason, held_for = NULL WHERE event_id = :event_id AND state = 'held'

-- name: recover_discarded
-- A person had ruled that it is not sent. No run stands beside it, so that no file and no plan brings it back.
UPDATE events SET state = 'discarded', state_at = :now, state_run_id = NULL, state_reason = :reason
WHERE event_id = :event_id AND state = 'held'

-- name: strike_off
-- It was looked at.
DELETE FROM recovering WHERE event_id = :event_id

-- name: recovering_left
-- Grain: one row. What is still to be looked at.
SELECT count(*) AS events, count(DISTINCT lane) AS lanes FROM recovering

-- name: recovering_calls
-- Clients of whom something is still to be looked at, a call each.
SELECT count(DISTINCT lane) AS clients, count(DISTINCT site_id) AS sites FROM recovering WHERE target = 'mindbody'

-- name: proofs_by_how
-- Grain: one row per decision and by what it is known, of the given run.
SELECT decided, how, count(*) AS events FROM recoveries WHERE run_id = :run_id GROUP BY decided, how
ORDER BY decided, how

-- name: proofs_of_run
-- Grain: one row per event that the run made out.
SELECT recoveries.*, events.kind, events.target, events.site_id, events.client_id, events.reward_id, events.points,
    events.amount, events.action_at, files.name AS file, events.sheet, events.row_number, events.state
FROM recoveries JOIN events ON events.event_id = recoveries.event_id JOIN files ON files.file_id = events.file_id
WHERE recoveries.run_id = :run_id ORDER BY recoveries.recovery_id

-- name: recoveries_of_event
-- How it was made out where the event stands, each time, oldest first.
SELECT * FROM recoveries WHERE event_id = :event_id ORDER BY recovery_id

-- name: open_recoveries
-- A recovery that is not over and not at work was killed: only one is at work at a time.
SELECT run_id FROM runs WHERE kind = 'recover' AND finished_at IS NULL

-- name: pending_in_recovery
-- Events that are to be sent, and wait until a recovery has looked at their client or reward.
SELECT count(*) FROM events WHERE state = 'ready' AND lane IN (SELECT lane FROM recovering)

-- name: kept_events
-- Grain: one row per event that a report's frames do not tell of, and that a recovery would want to know of: the run's
-- own that are still to be sent, and what was discarded since the last snapshot.
SELECT event_id, state, action_at, state_reason AS reason, false AS is_with_plan FROM events
WHERE state IN ('ready', 'sending') AND event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
)
UNION ALL
SELECT event_id, state, action_at, state_reason AS reason,
    coalesce(state_run_id = run_id, false) AS is_with_plan
FROM events WHERE state = 'discarded' AND state_at >= :since_at

-- name: kept_files
-- Grain: one row per file that was registered since the last snapshot.
-- What is taken back lies in no file: its plan only stands among them.
SELECT files.sha256, files.default_site_id, files.name, files.run_id, files.registered_at
FROM files JOIN runs ON runs.run_id = files.run_id
WHERE files.registered_at >= :since_at AND runs.kind <> 'reverse' AND files.sha256 NOT LIKE 'recovered:%'
ORDER BY files.registered_at, files.file_id

-- name: kept_reversals
-- Grain: one row per entry that takes another back, and is held or was moved since the last snapshot. It is equal to no
-- row of a file, so its content is known by its own id: that tells it from all other events, and has an index.
WITH moved AS (
    SELECT event_id FROM events WHERE content_key = event_id AND state_at >= :since_at
    UNION
    SELECT event_id FROM events WHERE state = 'held'
)
SELECT reversals.event_id, reversals.reversed_event_id, reversals.break_id, reversals.nth, reversals.requested_by,
    reversals.reason, reversals.requested_at, events.site_id, events.client_id, events.action, events.points,
    events.action_at, events.state, events.sheet, events.row_number, files.name AS file
FROM moved CROSS JOIN events JOIN reversals ON reversals.event_id = events.event_id
JOIN files ON files.file_id = events.file_id
WHERE events.event_id = moved.event_id

-- name: events_posted
-- Grain: one row per event of the client that the ledger has as posted, in the time read.
SELECT event_id, action, points, source, source_id, action_at FROM events
WHERE lane = :lane AND state = 'posted' AND action_at >= :since_at AND action_at < :until_at
ORDER BY order_at, file_id, ordinal

-- name: is_recovering
-- No row where nothing of the event, or of the run that brought it, is still to be looked at.
SELECT 1 FROM recovering JOIN events ON events.event_id = recovering.event_id
WHERE events.event_id = :held_id OR (events.run_id = :held_id AND events.state = 'held') LIMIT 1
