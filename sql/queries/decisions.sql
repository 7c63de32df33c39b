-- name: approve_event
-- An update goes after the one that was accepted before it; an undated event happens when it is accepted. One that was
-- sent before, and is held since it was to be tried again, keeps the time that it was sent with.
UPDATE events SET state = 'ready', state_at = :now, state_run_id = :run_id, state_reason = :reason, held_for = NULL,
    action_at = CASE
        WHEN reward_id IS NULL AND NOT is_dated AND attempt_id IS NULL THEN :pinned_at
        ELSE action_at
    END,
    order_at = CASE
        WHEN reward_id IS NOT NULL THEN :order_at
        WHEN is_dated OR attempt_id IS NOT NULL THEN order_at
        ELSE :pinned_at
    END,
    reward_version = CASE WHEN reward_id IS NOT NULL THEN 1 + (
        SELECT coalesce(max(accepted.reward_version), 0) FROM events AS accepted
        WHERE accepted.lane = events.lane
    ) END
WHERE event_id = :event_id AND state = 'held'

-- name: last_order
-- When the last accepted update of the event's reward is to be posted; no row where there is none.
SELECT accepted.order_at FROM events AS held JOIN events AS accepted ON accepted.lane = held.lane
WHERE held.event_id = :event_id AND accepted.reward_version IS NOT NULL
ORDER BY accepted.reward_version DESC LIMIT 1

-- name: discard_events
-- Only what was not sent can be dropped: what was, or may have been, is for reading back or a reversal. An update gives
-- up its place in its reward's history, so that the values before it are the last accepted ones again. Given: a JSON
-- object whose keys are event ids.
UPDATE events SET state = 'discarded', state_at = :now, state_run_id = :run_id, state_reason = :reason,
    reward_version = NULL
WHERE event_id IN (SELECT key FROM json_each(:given)) AND state IN ('held', 'ready')

-- name: state_of_event
-- Asked where a decision moved nothing, to say why: where the event stands; no row where there is none.
SELECT state FROM events WHERE event_id = :event_id


-- name: events_as_they_stand
-- Grain: one row per event that a person decides about. Given: a JSON object whose keys are event ids.
SELECT event_id, state, attempt_id FROM events WHERE event_id IN (SELECT key FROM json_each(:given)) ORDER BY event_id

-- name: keep_decided_events
-- The events of a decision as they stand now: before it moves them. Given: a JSON object whose keys are event ids.
INSERT INTO decided_events (decision_id, event_id, state, attempt_id)
SELECT :decision_id, event_id, state, attempt_id FROM events WHERE event_id IN (SELECT key FROM json_each(:given))

-- name: decisions_about_event
-- Grain: one row per decision about the event, oldest first, with where it stood.
SELECT event_decisions.decision_id, event_decisions.at, event_decisions.actor, event_decisions.verb,
    event_decisions.reason, event_decisions.about, event_decisions.events_count, decided_events.state,
    decided_events.attempt_id
FROM decided_events JOIN event_decisions ON event_decisions.decision_id = decided_events.decision_id
WHERE decided_events.event_id = :event_id ORDER BY event_decisions.decision_id

-- name: decisions_since
-- Grain: one row per decision after the given one, with the points of its events.
SELECT event_decisions.decision_id, event_decisions.at, event_decisions.actor, event_decisions.verb,
    event_decisions.reason, event_decisions.about, event_decisions.events_count,
    coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END / 1000000000), 0) AS earned_billions,
    coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END % 1000000000), 0) AS earned_rest,
    coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END / 1000000000), 0) AS redeemed_billions,
    coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END % 1000000000), 0) AS redeemed_rest
FROM event_decisions
JOIN decided_events ON decided_events.decision_id = event_decisions.decision_id
JOIN events ON events.event_id = decided_events.event_id
WHERE event_decisions.decision_id > :decision_id
GROUP BY event_decisions.decision_id, event_decisions.at, event_decisions.actor, event_decisions.verb,
    event_decisions.reason, event_decisions.about, event_decisions.events_count
ORDER BY event_decisions.decision_id

-- name: held_or_ready_of_plan
-- What may still be discarded of a plan: what a person has not let go yet, and what was let go and not sent.
SELECT event_id FROM events WHERE run_id = :plan_id AND first_state = 'held' AND state IN ('held', 'ready')

-- name: held_of_plan
-- What still waits of a plan and can be let go with all of it.
SELECT event_id FROM events WHERE run_id = :plan_id AND state = 'held'
AND {goes_with_plan}

-- name: unsent_of_site
-- What a site has that was never sent: held, or ready and not claimed. Updates of rewards are of the site ''.
SELECT event_id, coalesce(points, 0) AS points FROM events
WHERE site_id = :site_id AND state IN ('held', 'ready')

-- name: in_flight_of_site
-- How much of a site may have been sent without an answer: only reading back, or a person's ruling, decides that.
SELECT count(*) FROM events
WHERE site_id = :site_id AND state IN ('sending', 'unknown')

-- name: superseding_update
-- The update of the same reward that was accepted after this one and is not refused: it sets what counts now.
SELECT later.event_id FROM events AS mine JOIN events AS later ON later.lane = mine.lane
WHERE mine.event_id = :event_id AND mine.reward_id IS NOT NULL AND later.event_id <> mine.event_id
AND later.reward_version IS NOT NULL AND later.state <> 'refused'
AND (later.order_at, later.file_id, later.ordinal) > (mine.order_at, mine.file_id, mine.ordinal)
ORDER BY later.reward_version DESC LIMIT 1
