-- name: open_breaks
-- Grain: one row per break that is not closed or resolved.
SELECT * FROM breaks WHERE state IN ('open', 'acknowledged') ORDER BY opened_on, break_id

-- name: all_breaks
-- Grain: one row per break there ever was. Closed and resolved ones too: none is ever deleted.
SELECT * FROM breaks ORDER BY opened_on, break_id

-- name: open_break
-- A break keeps its id from night to night, so one that is found again is brought up to date, not opened twice. One
-- that had closed by itself opens anew, without its old owner and reason; what a person resolved or acknowledged stays
-- so.
INSERT INTO breaks (
    break_id, class, target, site_id, client_id, reward_id, points, amount, action_at, event_id, detail,
    points_ledger, points_service, amount_ledger, amount_service, more, opened_on, opened_run_id, state
) VALUES (
    :break_id, :class, :target, :site_id, :client_id, :reward_id, :points, :amount, :action_at, :event_id, :detail,
    :points_ledger, :points_service, :amount_ledger, :amount_service, :more, :opened_on, :run_id, 'open'
)
ON CONFLICT (break_id) DO UPDATE SET class = :class, points = :points, amount = :amount, detail = :detail,
    points_ledger = :points_ledger, points_service = :points_service,
    amount_ledger = :amount_ledger, amount_service = :amount_service, more = :more,
    state = CASE WHEN breaks.state = 'closed' THEN 'open' ELSE breaks.state END,
    closed_run_id = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.closed_run_id END,
    owner = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.owner END,
    reason = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.reason END,
    reason_code = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.reason_code END,
    given_to = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.given_to END,
    due_on = CASE WHEN breaks.state = 'closed' THEN NULL ELSE breaks.due_on END

-- name: close_break
-- What a reading of the same place no longer shows closes by itself. One that a person resolved keeps that, and its
-- reason.
UPDATE breaks SET state = 'closed', closed_run_id = :run_id
WHERE break_id = :break_id AND state IN ('open', 'acknowledged')

-- name: clients_of_run
-- Grain: one row per client with events that the run answers for, and the time that they span.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state IN ('posted', 'unknown', 'refused') AND event_id IN (
    SELECT event_id FROM events WHERE run_id = :run_id
    UNION
    SELECT event_id FROM run_carried WHERE run_id = :run_id
)
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: clients_not_compared
-- Grain: one row per client with posted events that no reading has compared yet: a service was out of reach, or a run
-- died before it read back.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state = 'posted' AND compared_at IS NULL
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: unread_of_site
-- Events that were posted at a site and that no reading has compared yet. Updates of rewards are of the site ''.
SELECT event_id FROM events
WHERE site_id = :site_id AND state = 'posted' AND compared_at IS NULL

-- name: mark_compared
-- What was compared needs no second reading, and a reversal counts as seen only once this is set.
UPDATE events SET compared_at = :compared_at WHERE event_id = :event_id

-- name: clients_of_period
-- Grain: one row per client with events in the period, whichever run posted them.
SELECT site_id, client_id, min(action_at) AS first_at, max(action_at) AS last_at FROM events
WHERE target = 'mindbody' AND state IN ('posted', 'unknown', 'refused')
AND action_at >= :since_at AND action_at < :until_at
GROUP BY site_id, client_id ORDER BY site_id, client_id

-- name: events_of_client
-- Grain: one row per event of the client that the service was told of, in the time read. Of what was ever under watch
-- two requests may have left. One whose request is on its way, or whose answer could not be recorded, is in doubt: what
-- the service shows of it is not nobody's, and a break that says so would stand in the way of settling it.
SELECT event_id, CASE WHEN state = 'sending' THEN 'unknown' ELSE state END AS state, state_at AS settled_at,
    site_id, client_id, action, points, source, source_id, action_at,
    watch_from_at IS NOT NULL AS may_be_twice
FROM events
WHERE lane = 'mindbody:' || :site_id || ':' || :client_id AND state IN ('posted', 'unknown', 'refused', 'sending')
AND action_at >= :since_at AND action_at < :until_at
ORDER BY order_at, file_id, ordinal

-- name: last_updates
-- Grain: one row per reward: its last update that took effect, and those in doubt or refused; one that is on its way is
-- in doubt. All of them have their place in the reward's history, and its index holds updates alone: by the state what
-- was refused of points would be walked through, too, and a ledger has ever more of that.
WITH latest AS (
    SELECT event_id FROM events WHERE reward_version IS NOT NULL AND (
        state IN ('sending', 'unknown', 'refused') OR (state = 'posted' AND NOT EXISTS (
            SELECT 1 FROM events AS later WHERE later.lane = events.lane
            AND later.reward_version > events.reward_version
            AND later.reward_version IS NOT NULL AND later.state = 'posted'
        ))
    )
)
SELECT events.event_id, CASE WHEN state = 'sending' THEN 'unknown' ELSE state END AS state, state_at AS settled_at,
    reward_id, payout_id, amount, eligibility_on, description
FROM latest CROSS JOIN events WHERE events.event_id = latest.event_id
ORDER BY order_at, file_id, ordinal

-- name: balance_known
-- What the client's balance was when it was last read without a doubt, and what was posted since.
SELECT client_balances.balance, client_balances.read_at,
    coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END / 1000000000), 0) AS earned_billions,
    coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END % 1000000000), 0) AS earned_rest,
    coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END / 1000000000), 0) AS redeemed_billions,
    coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END % 1000000000), 0) AS redeemed_rest
FROM client_balances LEFT JOIN events
    ON events.lane = 'mindbody:' || client_balances.site_id || ':' || client_balances.client_id
    AND events.state = 'posted' AND events.state_at > client_balances.read_at
WHERE client_balances.site_id = :site_id AND client_balances.client_id = :client_id
GROUP BY client_balances.balance, client_balances.read_at

-- name: first_balances
-- Grain: one row per posted event of the client, in the order of their attempts; the balance that its answer told, and
-- when. What a recovery proved comes first: it was sent before anything that this ledger knows an attempt of.
SELECT events.action, events.points, events.action_at, answers.balance, answers.answered_at FROM events
LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.lane = 'mindbody:' || :site_id || ':' || :client_id AND events.state = 'posted'
ORDER BY events.attempt_id

-- name: moving_count
-- What was posted while the balance was read may be in it or not, so nothing can be concluded.
SELECT count(*) FROM events WHERE lane = 'mindbody:' || :site_id || ':' || :client_id
AND (state = 'sending' OR (state = 'posted' AND state_at > :reading_at))

-- name: keep_balance
-- One balance a client, the latest that nothing speaks against: the next reading is reckoned from it.
INSERT INTO client_balances (site_id, client_id, balance, read_at, run_id)
VALUES (:site_id, :client_id, :balance, :read_at, :run_id)
ON CONFLICT (site_id, client_id) DO UPDATE SET balance = :balance, read_at = :read_at, run_id = :run_id

-- name: breaks_of_clients
-- Grain: one row per break of these clients that was not closed by itself, and when it opened. Given: a JSON object of
-- site and client, by any key.
SELECT breaks.break_id, breaks.class, breaks.state, breaks.site_id, breaks.client_id, breaks.points, breaks.more,
    breaks.action_at, breaks.event_id, runs.started_at,
    balance_parts.break_id IS NOT NULL AS is_part, balance_gaps.break_id IS NOT NULL AS is_gap
FROM json_each(:given) AS given CROSS JOIN breaks JOIN runs ON runs.run_id = breaks.opened_run_id
LEFT JOIN balance_parts ON balance_parts.break_id = breaks.break_id
LEFT JOIN balance_gaps ON balance_gaps.break_id = breaks.break_id
WHERE breaks.site_id = given.value ->> 'site_id' AND breaks.client_id = given.value ->> 'client_id'
AND breaks.state <> 'closed'

-- name: breaks_decided
-- Grain: one row per break of these that a person has decided about. Given: a JSON object whose keys are break ids.
SELECT breaks.break_id, breaks.class FROM json_each(:given) AS given CROSS JOIN breaks
WHERE breaks.break_id = given.key AND breaks.state <> 'closed' AND breaks.state IN ('acknowledged', 'resolved')

-- name: open_refusals
-- Grain: one row per open break of a refused event, with where that stands now; is_over where a later update of the
-- reward was posted, or the event is not refused any more: a person dropped it, or it went through.
SELECT breaks.break_id, breaks.event_id, events.state IN ('posted', 'discarded') OR (
    events.state = 'refused' AND EXISTS (
        SELECT 1 FROM events AS later WHERE later.lane = events.lane AND later.reward_version > events.reward_version
        AND later.reward_version IS NOT NULL AND later.state = 'posted'
    )
) AS is_over
FROM breaks CROSS JOIN events
WHERE events.event_id = breaks.event_id AND breaks.class = 'refused' AND breaks.state IN ('open', 'acknowledged')

-- name: refusals_of
-- Grain: one row per one of these events, refused or not, with where that stands now; is_over as of open_refusals.
SELECT events.event_id, events.state IN ('posted', 'discarded') OR (
    events.state = 'refused' AND EXISTS (
        SELECT 1 FROM events AS later WHERE later.lane = events.lane AND later.reward_version > events.reward_version
        AND later.reward_version IS NOT NULL AND later.state = 'posted'
    )
) AS is_over
FROM events
WHERE events.event_id IN :event_ids

-- name: corrections_of
-- Grain: one row per row that corrected one of these events.
SELECT corrections.corrected_event_id, corrections.event_id,
    (SELECT events.state FROM events WHERE events.event_id = corrections.event_id) AS state
FROM corrections WHERE corrections.corrected_event_id IN :event_ids

-- name: breaks_of_ids
-- Grain: one row per break of these, and when the run began that saw it first. Given: a JSON object whose keys are
-- break ids.
SELECT breaks.*, (SELECT runs.started_at FROM runs WHERE runs.run_id = breaks.opened_run_id) AS opened_at
FROM json_each(:given) AS given CROSS JOIN breaks WHERE breaks.break_id = given.key
