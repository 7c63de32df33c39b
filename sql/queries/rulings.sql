-- name: event_in_doubt
-- What is known of an event that a person wants to rule on, with the last reading back of the attempt in doubt.
SELECT events.state, events.settle_at, events.attempt_id, settlements.evidence, settlements.at
FROM events LEFT JOIN settlements ON settlements.settlement_id = (
    SELECT max(later.settlement_id) FROM settlements AS later
    WHERE later.event_id = events.event_id AND later.attempt_id = events.attempt_id
)
WHERE events.event_id = :event_id
