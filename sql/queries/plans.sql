-- name: known_file
-- The file that has this content for this site, and the run that took it in.
SELECT files.file_id, files.name, files.registered_at, files.run_id, runs.kind
FROM files JOIN runs ON runs.run_id = files.run_id
WHERE files.sha256 = :sha256 AND files.default_site_id = :default_site_id

-- part: new_in_plan
-- An event that the run brought and that nothing but its plan, if anything, holds.
run_id = :run_id AND ((state = 'ready' AND first_state = 'ready') OR (state = 'held' AND held_for = 'plan'))

-- part: goes_with_plan
-- What can be let go with all of a plan: what a recovery found something like, or what looks like a row of an earlier
-- file, is decided about by itself. Unless `with_own` is 1, so is all that waits for a reason of its own, which is
-- neither the plan nor a limit.
NOT EXISTS (
    SELECT 1 FROM recoveries WHERE recoveries.event_id = events.event_id AND recoveries.how IN ('ambiguous', 'no_time')
)
AND NOT EXISTS (SELECT 1 FROM lookalikes WHERE lookalikes.event_id = events.event_id)
AND (:with_own = 1 OR held_for IS NOT NULL)

-- name: plan_totals
-- Grain: one row per kind of new events of the run.
SELECT kind, count(*) AS events_count, coalesce(sum(points / 1000000000), 0) AS points_billions,
    coalesce(sum(points % 1000000000), 0) AS points_rest
FROM events WHERE {new_in_plan} GROUP BY kind

-- name: plan_amounts
-- Grain: one row per new reward update that sets an amount.
SELECT amount FROM events WHERE amount IS NOT NULL AND {new_in_plan}

-- name: plan_clients
-- Grain: one row per client with new events, the most points first.
SELECT site_id, client_id, count(*) AS events_count,
    coalesce(sum(CASE WHEN action = 'Earned' THEN points END / 1000000000), 0) AS earned_billions,
    coalesce(sum(CASE WHEN action = 'Earned' THEN points END % 1000000000), 0) AS earned_rest,
    coalesce(sum(CASE WHEN action = 'Redeemed' THEN points END / 1000000000), 0) AS redeemed_billions,
    coalesce(sum(CASE WHEN action = 'Redeemed' THEN points END % 1000000000), 0) AS redeemed_rest
FROM events WHERE client_id IS NOT NULL AND {new_in_plan}
GROUP BY site_id, client_id ORDER BY sum(points * 1.0) DESC, site_id, client_id LIMIT :limit

-- name: held_events
-- Grain: one row per event that waits for a person, by the run that brought it, with the event that its row looks like.
SELECT events.*, files.name AS file, lookalikes.earlier_event_id
FROM events JOIN files ON files.file_id = events.file_id
LEFT JOIN lookalikes ON lookalikes.event_id = events.event_id
WHERE events.state = 'held' ORDER BY events.registered_at, events.run_id, events.file_id, events.ordinal

-- name: count_held
-- Grain: one row, how many events wait for a person. Counted by the run, which each has: SQLite would count all events
-- by a wider index, and not those that wait by their own.
SELECT count(run_id) FROM events WHERE state = 'held'

-- name: states_of_plan
-- Grain: one row per state of the events of the run that were held when it brought them.
SELECT state, count(*) AS events_count FROM events WHERE run_id = :run_id AND first_state = 'held'
GROUP BY state ORDER BY state

-- name: held_updates_of_plan
-- One by one: each takes the next place in its reward's history.
SELECT event_id FROM events WHERE run_id = :plan_id AND state = 'held' AND reward_id IS NOT NULL
AND {goes_with_plan}
ORDER BY file_id, ordinal

-- name: approve_clients_of_plan
-- An undated event happens when it is accepted.
UPDATE events SET state = 'ready', state_at = :now, state_run_id = NULL, state_reason = :reason, held_for = NULL,
    action_at = CASE WHEN is_dated OR attempt_id IS NOT NULL THEN action_at ELSE :pinned_at END,
    order_at = CASE WHEN is_dated OR attempt_id IS NOT NULL THEN order_at ELSE :pinned_at END
WHERE run_id = :plan_id AND state = 'held' AND reward_id IS NULL
AND {goes_with_plan}

-- name: discard_plan
-- The run stands beside the decision: the plan was dropped as a whole, which says nothing against each of its events. What
-- waited for more than the plan keeps that, for the day on which the plan is taken up again; what was let go before has
-- nothing else to wait for then. The sentence tells it, too, and is for people alone.
UPDATE events SET state = 'discarded', state_at = :now, state_run_id = run_id, reward_version = NULL,
    held_for = CASE WHEN state = 'held' THEN held_for ELSE 'plan' END,
    own_reason = CASE WHEN state = 'held' AND coalesce(held_for, '') <> 'plan' THEN state_reason END,
    state_reason = CASE WHEN state = 'held' AND coalesce(held_for, '') <> 'plan'
        THEN :reason || :waited || state_reason ELSE :reason END
WHERE run_id = :plan_id AND first_state = 'held' AND state IN ('held', 'ready')

-- name: keep_own_reasons
-- What had waited for more than its plan waits for that again.
UPDATE events SET state_reason = own_reason, own_reason = NULL
WHERE run_id = :plan_id AND state = 'held' AND own_reason IS NOT NULL

-- name: take_up_plan
-- Only what was dropped with its plan comes back; what a person discarded by itself has another run, or none, beside
-- it.
UPDATE events SET state = 'held', state_at = :now, state_run_id = NULL, state_reason = :reason
WHERE run_id = :plan_id AND state = 'discarded' AND state_run_id = run_id

-- name: bring_back_planned
-- A file brings an event that was dropped with its plan as a whole: nobody has said that it must not be sent.
UPDATE events SET state = 'held', state_at = :now, state_run_id = NULL, state_reason = :reason, held_for = NULL,
    own_reason = NULL
WHERE event_id IN (SELECT event_id FROM duplicates WHERE file_id = :file_id)
AND state = 'discarded' AND state_run_id = run_id
AND EXISTS (SELECT 1 FROM runs WHERE runs.run_id = events.run_id AND runs.kind = 'plan')

-- name: bring_back_file
-- The same file again, though not as a plan: what was dropped with its plan waits for a person again.
UPDATE events SET state = 'held', state_at = :now, state_run_id = NULL, state_reason = :reason, held_for = NULL,
    own_reason = NULL
WHERE run_id = (
    SELECT files.run_id FROM files JOIN runs ON runs.run_id = files.run_id
    WHERE files.file_id = :file_id AND runs.kind = 'plan'
)
AND state = 'discarded' AND state_run_id = run_id

-- name: lookalikes_of_plan
-- How much of a plan still waits that looks like rows of an earlier file, and is decided about by itself.
SELECT count(*) FROM events JOIN lookalikes ON lookalikes.event_id = events.event_id
WHERE events.run_id = :plan_id AND events.state = 'held'
