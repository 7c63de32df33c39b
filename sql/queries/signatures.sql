-- name: decided_events_since
-- Grain: one row per event of each decision after this one, oldest first.
SELECT event_decisions.decision_id, event_decisions.at, event_decisions.actor, event_decisions.verb,
    event_decisions.reason, decided_events.event_id
FROM event_decisions JOIN decided_events ON decided_events.decision_id = event_decisions.decision_id
WHERE event_decisions.decision_id > :decision_id ORDER BY event_decisions.decision_id, decided_events.event_id
