-- name: approve_event
-- An update goes after the one that was accepted before it; an undated event happens when it is accepted.
UPDATE events SET state = 'ready', state_at = :now, state_run_id = :run_id, state_reason = :reason,
    action_at = CASE WHEN reward_id IS NULL AND NOT is_dated THEN :pinned_at ELSE action_at END,
    order_at = CASE
        WHEN reward_id IS NOT NULL THEN :order_at
        WHEN is_dated THEN order_at
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

-- name: discard_event
-- Only what is held can be dropped: what was sent, or may have been, is for reading back or a reversal.
UPDATE events SET state = 'discarded', state_at = :now, state_run_id = :run_id, state_reason = :reason
WHERE event_id = :event_id AND state = 'held'

-- name: state_of_event
-- Asked where a decision moved nothing, to say why: where the event stands; no row where there is none.
SELECT state FROM events WHERE event_id = :event_id
