-- name: gaps_of_clients
-- Grain: one row per break about a balance of these clients that is not explained to the last point. One that a person
-- resolved is among them: its entry is the same difference. Given: a JSON object of site and client, by any key.
SELECT breaks.break_id, breaks.site_id, breaks.client_id, breaks.state, breaks.points, breaks.more, breaks.detail, breaks.class,
    breaks.target, breaks.reward_id, breaks.amount, breaks.action_at, breaks.event_id, breaks.owner, breaks.reason,
    balance_gaps.since_at, balance_gaps.until_at, balance_gaps.known_from_at, balance_gaps.known_to_at
FROM json_each(:given) AS given CROSS JOIN breaks JOIN balance_gaps ON balance_gaps.break_id = breaks.break_id
WHERE breaks.site_id = given.value ->> 'site_id' AND breaks.client_id = given.value ->> 'client_id'
AND breaks.state <> 'closed' AND breaks.more <> 0
ORDER BY balance_gaps.until_at, breaks.break_id

-- name: latest_known
-- The latest time of an event of the client that was posted until then; null where there is none.
SELECT max(action_at) AS known_at FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state = 'posted' AND state_at <= :until_at

-- name: parts_of_gap
-- The entries that explain a break about a balance, in the order in which they were read.
SELECT break_id FROM balance_parts WHERE gap_id = :gap_id ORDER BY at, break_id

-- name: keep_gap
-- Found anew after it was explained it is another difference, and has another id: its balances are others.
INSERT INTO balance_gaps (break_id, more, since_at, until_at, known_from_at, known_to_at)
VALUES (:break_id, :more, :since_at, :until_at, :known_from_at, :known_to_at) ON CONFLICT DO NOTHING

-- name: keep_part
-- An entry explains a balance once.
INSERT INTO balance_parts (break_id, gap_id, more, at, run_id)
VALUES (:break_id, :gap_id, :more, :now, :run_id) ON CONFLICT DO NOTHING
