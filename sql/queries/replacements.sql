-- name: keep_replacements
-- Given: a JSON object whose keys are the ids of the events whose place is taken.
INSERT INTO replacements (event_id, replaced_event_id, decision_id)
SELECT :event_id, key, :decision_id FROM json_each(:given) WHERE true

-- name: replacements_pending
-- Grain: one row per held event and event whose place it takes, with how that stands and the latest entry that takes it
-- back, if any. Only the last word of a person counts: whoever approved it since, or let it be tried again, has said that
-- both are right.
SELECT replacements.event_id, replacements.replaced_event_id, replacements.decision_id, decided.at AS decided_at,
    decided.actor, decided.reason, replaced.state, offsetting.event_id AS offset_event_id,
    offsetting.state AS offset_state, offsetting.state_at AS offset_since_at
FROM events AS held CROSS JOIN replacements
JOIN events AS replaced ON replaced.event_id = replacements.replaced_event_id
JOIN event_decisions AS decided ON decided.decision_id = replacements.decision_id
LEFT JOIN reversals AS latest ON latest.reversed_event_id = replaced.event_id AND latest.nth = (
    SELECT max(tries.nth) FROM reversals AS tries WHERE tries.reversed_event_id = replaced.event_id
)
LEFT JOIN events AS offsetting ON offsetting.event_id = latest.event_id
WHERE held.state = 'held' AND replacements.event_id = held.event_id
AND NOT EXISTS (
    SELECT 1 FROM decided_events JOIN event_decisions AS later ON later.decision_id = decided_events.decision_id
    WHERE decided_events.event_id = replacements.event_id AND later.decision_id > replacements.decision_id
)
ORDER BY replacements.event_id, replacements.replaced_event_id

-- name: chain_of_lookalikes
-- Grain: one row per event that the given one looks like, that this one looked like, and so on, nearest first; with
-- whether it took the place of the next.
WITH RECURSIVE chain (event_id, place) AS (
    SELECT earlier_event_id, 1 FROM lookalikes WHERE event_id = :event_id
    UNION ALL
    SELECT lookalikes.earlier_event_id, chain.place + 1 FROM chain
    JOIN lookalikes ON lookalikes.event_id = chain.event_id
)
SELECT chain.event_id, events.state, EXISTS (
    SELECT 1 FROM replacements WHERE replacements.event_id = chain.event_id
) AS has_replaced
FROM chain JOIN events ON events.event_id = chain.event_id ORDER BY chain.place
