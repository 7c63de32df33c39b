-- name: plan_of
-- The run that holds what a person names, by its own id or by an event's; no row where there is neither.
SELECT run_id FROM events WHERE event_id = :held_id UNION SELECT run_id FROM runs WHERE run_id = :held_id

-- name: shown_events
-- Grain: one row per event that the run still holds.
SELECT event_id, target, site_id, state_reason, attempt_id FROM events WHERE run_id = :plan_id AND state = 'held'

-- name: shown_beside
-- Grain: one row per event that stands beside one that is held, and changes what it would do: the update of the same
-- reward that counts now, and equal rows without a time that are accepted.
SELECT held.event_id, latest.event_id AS beside_id
FROM events AS held JOIN events AS latest ON latest.lane = held.lane AND latest.reward_version = (
    SELECT max(known.reward_version) FROM events AS known WHERE known.lane = held.lane
)
WHERE held.run_id = :plan_id AND held.state = 'held' AND held.reward_id IS NOT NULL
UNION ALL
SELECT held.event_id, alike.event_id AS beside_id
FROM events AS held JOIN events AS alike ON alike.content_key = held.content_key AND NOT alike.is_dated
WHERE held.run_id = :plan_id AND held.state = 'held' AND NOT held.is_dated AND held.reward_id IS NULL
AND alike.event_id <> held.event_id AND alike.state NOT IN ('held', 'discarded', 'refused')

-- name: held_since
-- How many events of the run are held for another reason, or again, since it was shown.
SELECT count(*) FROM events WHERE run_id = :plan_id AND state = 'held' AND state_at > :shown_at

-- name: accepted_beside_since
-- How many of the run's events have got another one beside them since it was shown (see shown_beside): an update is
-- ordered by when it was accepted, and so is a row without a time, though to the second. Of an event that is approved by
-- its own id, what a person has let go beside it does not count: whoever names it means it.
SELECT count(*) FROM events AS held
WHERE held.run_id = :plan_id AND held.state = 'held' AND NOT held.is_dated AND EXISTS (
    SELECT 1 FROM events AS other WHERE other.run_id <> held.run_id AND (other.first_state = 'ready' OR :is_plan)
    AND (other.order_at > :shown_at OR (other.order_at >= :shown_second_at AND other.state_at > :shown_at))
    AND other.state NOT IN ('held', 'discarded', 'refused')
    AND other.lane = held.lane AND (other.content_key = held.content_key OR held.reward_id IS NOT NULL)
)

-- name: why_held
-- Grain: one row per reason of the events that the run still holds, the most frequent first.
SELECT state_reason, held_for, count(*) AS events_count FROM events WHERE run_id = :plan_id AND state = 'held'
GROUP BY state_reason, held_for ORDER BY count(*) DESC, state_reason

-- name: held_totals
-- Grain: one row per kind and site of the events that the run still holds.
SELECT kind, site_id, count(*) AS events_count, coalesce(sum(points / 1000000000), 0) AS points_billions,
    coalesce(sum(points % 1000000000), 0) AS points_rest
FROM events WHERE run_id = :plan_id AND state = 'held' GROUP BY kind, site_id ORDER BY kind, site_id

-- name: held_amounts
-- Grain: one row per reward update that the run still holds and that sets an amount.
SELECT amount FROM events WHERE run_id = :plan_id AND state = 'held' AND amount IS NOT NULL

-- name: held_clients
-- Grain: one row per client of whom the run still holds something, the most points first.
SELECT site_id, client_id, count(*) AS events_count,
    coalesce(sum(CASE WHEN action = 'Earned' THEN points END / 1000000000), 0) AS earned_billions,
    coalesce(sum(CASE WHEN action = 'Earned' THEN points END % 1000000000), 0) AS earned_rest,
    coalesce(sum(CASE WHEN action = 'Redeemed' THEN points END / 1000000000), 0) AS redeemed_billions,
    coalesce(sum(CASE WHEN action = 'Redeemed' THEN points END % 1000000000), 0) AS redeemed_rest
FROM events WHERE run_id = :plan_id AND client_id IS NOT NULL AND state = 'held'
GROUP BY site_id, client_id ORDER BY sum(points * 1.0) DESC, site_id, client_id LIMIT :limit

-- name: files_of_held
-- Grain: one row per file of which the run still holds something.
SELECT DISTINCT files.file_id, files.name FROM events JOIN files ON files.file_id = events.file_id
WHERE events.run_id = :plan_id AND events.state = 'held' ORDER BY files.file_id

-- name: last_showing
-- What a person saw of a run last; of nobody who saw it, what anybody did.
SELECT * FROM showings WHERE plan_id = :plan_id
ORDER BY CASE WHEN shown_to = :by THEN 0 ELSE 1 END, showing_id DESC LIMIT 1
