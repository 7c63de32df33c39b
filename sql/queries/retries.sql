-- name: refused_of_file
-- The refused events that the file brought, or brought again.
SELECT event_id FROM events WHERE file_id = :file_id AND state = 'refused'
UNION
SELECT events.event_id FROM duplicates JOIN events ON events.event_id = duplicates.event_id
WHERE duplicates.file_id = :file_id AND events.state = 'refused'

-- name: refused_with_code
-- The refused events of any file whose refusal bears this code, in whatever case.
SELECT events.event_id FROM events JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.state = 'refused' AND lower(answers.code) = lower(:code)

-- name: refused_by_run
-- The events that this run sent and the service refused, and that are still refused.
SELECT event_id FROM events WHERE state = 'refused' AND state_run_id = :run_id

-- name: refused_codes
-- Grain: one row per code that refused events bear, the most frequent first; null where the service gave none.
SELECT answers.code, count(*) AS events_count FROM events LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.state = 'refused' GROUP BY answers.code ORDER BY count(*) DESC, answers.code

-- name: events_to_retry
-- Grain: one row per event that a person wants to let be tried again, with why it was refused and what speaks against
-- it: an update that came after it, what stands in its place among rows that corrected each other, an entry that takes
-- the same thing back, or a break that is settled. Given: a JSON object whose keys are event ids.
SELECT events.event_id, events.kind, events.target, events.site_id, events.client_id, events.reward_id, events.action,
    events.points, events.amount, events.lane, events.state, events.state_at, events.state_reason, events.attempt_id,
    answers.code, answers.message, answers.answered_at,
    (
        SELECT later.event_id FROM events AS later WHERE later.lane = events.lane AND events.reward_id IS NOT NULL
        AND later.reward_version > events.reward_version AND later.state <> 'refused'
        ORDER BY later.reward_version DESC LIMIT 1
    ) AS superseding_id,
    {least_instead} AS correcting_id,
    (
        SELECT rival.event_id FROM reversals AS mine
        JOIN reversals AS other ON other.event_id <> mine.event_id
            AND (other.reversed_event_id = mine.reversed_event_id OR other.break_id = mine.break_id)
        JOIN events AS rival ON rival.event_id = other.event_id AND rival.state NOT IN ('discarded', 'refused')
        WHERE mine.event_id = events.event_id ORDER BY other.nth LIMIT 1
    ) AS rival_id,
    (
        SELECT breaks.break_id FROM reversals JOIN breaks ON breaks.break_id = reversals.break_id
        WHERE reversals.event_id = events.event_id AND breaks.state NOT IN ('open', 'acknowledged')
    ) AS settled_break_id
FROM json_each(:given) AS given CROSS JOIN events LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.event_id = given.key
ORDER BY events.order_at, events.file_id, events.ordinal

-- name: retry_events
-- What was pinned when it was accepted is sent again: its time, and the place of an update, stay. Given: a JSON object
-- whose keys are event ids.
UPDATE events SET state = 'ready', state_at = :now, state_run_id = NULL, state_reason = :reason, read_run_id = ''
WHERE event_id IN (SELECT key FROM json_each(:given)) AND state = 'refused'

-- name: events_to_read_first
-- Grain: one row per event that was refused once, is to be sent, and whose client or reward this run has not read yet;
-- none of a lane that has something in flight or in doubt, since what is then shown may be that. The evidence is that of
-- the last reading that held it: a person has seen it.
SELECT events.event_id, events.kind, events.target, events.site_id, events.client_id, events.lane, events.action,
    events.points, events.source, events.source_id, events.action_at, events.reward_id, events.payout_id, events.amount,
    events.eligibility_on, events.description, events.attempt_id, events.file_id,
    refused.returned AS refused_reward,
    (
        SELECT settlements.evidence FROM settlements WHERE settlements.settlement_id = (
            SELECT max(shown.settlement_id) FROM settlements AS shown
            WHERE shown.event_id = events.event_id AND shown.decided = 'held'
        )
    ) AS shown_evidence
FROM events
LEFT JOIN answers AS refused ON refused.attempt_id = (
    SELECT max(answers.attempt_id) FROM attempts JOIN answers ON answers.attempt_id = attempts.attempt_id
    WHERE attempts.event_id = events.event_id AND answers.verdict = 'refused'
)
WHERE events.state = 'ready' AND events.read_run_id <> :run_id AND events.target = :target AND events.site_id = :site_id
AND NOT EXISTS (
    SELECT 1 FROM events AS busy WHERE busy.lane = events.lane AND busy.state IN ('sending', 'unknown')
)
ORDER BY events.order_at, events.file_id, events.ordinal

-- name: sites_to_read_first
-- Grain: one row per target and site with events that were refused once and are to be sent.
SELECT target, site_id, count(*) AS events_count FROM events
WHERE state = 'ready' AND read_run_id IS NOT NULL AND read_run_id <> :run_id
AND site_id NOT IN (SELECT site_id FROM kept_sites)
GROUP BY target, site_id ORDER BY target, site_id

-- name: posted_times_of_kin
-- When the client's transactions of these points happened that the ledger knows to have taken effect, whatever they were
-- for: each accounts for one entry that the service shows.
SELECT action_at FROM events
WHERE lane = :lane AND state = 'posted' AND action = :action AND points = :points
AND action_at >= :since_at AND action_at < :until_at
ORDER BY action_at

-- name: kin_of_later_files
-- Events of ours that a later file brought and that may be the same one, corrected: the same points of the same client
-- at the same time, or for the same booking or sale.
SELECT event_id FROM events
WHERE lane = :lane AND event_id <> :event_id AND state IN ('ready', 'posted') AND action = :action AND points = :points
AND file_id > :file_id
AND (action_at = :action_at OR (source_id IS NOT NULL AND source = :source AND source_id = :source_id))
ORDER BY event_id

-- name: mark_read_first
-- The run has read, and nothing speaks against another try: it alone may send the event, and only while it is ready.
UPDATE events SET read_run_id = :run_id
WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'ready' AND read_run_id IS NOT NULL

-- name: hold_again
-- What was read may be the event itself, so a person decides. An update gives up its place in its reward's history.
UPDATE events SET state = 'held', state_at = :now, state_run_id = :run_id, state_reason = :reason, read_run_id = '',
    reward_version = NULL
WHERE event_id = :event_id AND attempt_id = :attempt_id AND state = 'ready' AND read_run_id IS NOT NULL
