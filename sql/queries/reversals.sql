-- name: files_known_as
-- Files of this name, of this content, or whose hash begins so; the latest first.
SELECT file_id, name, sha256, default_site_id, run_id, registered_at, duplicate FROM files
WHERE name = :name OR sha256 = :sha256 OR (:prefix <> '' AND substr(sha256, 1, length(:prefix)) = :prefix)
ORDER BY registered_at DESC, file_id DESC

-- name: events_to_reverse
-- Grain: one row per event that the file brought, with how often and by which live entry it is taken back.
SELECT events.event_id, events.kind, events.state, events.site_id, events.client_id, events.action, events.points,
    events.lane, events.reward_id, events.payout_id, events.amount, events.eligibility_on, events.description,
    events.reward_version, events.sheet, events.row_number, latest.nth AS tries, live.event_id AS live_event_id,
    live.run_id AS live_run_id
FROM files CROSS JOIN events
LEFT JOIN reversals AS latest ON latest.reversed_event_id = events.event_id AND latest.nth = (
    SELECT max(nth) FROM reversals AS tries WHERE tries.reversed_event_id = events.event_id
)
LEFT JOIN events AS live ON live.event_id = latest.event_id AND live.state NOT IN ('discarded', 'refused')
WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
ORDER BY events.ordinal

-- name: event_to_reverse
-- One event as a whole file's are looked at: with how often and by which live entry it is taken back.
SELECT events.event_id, events.kind, events.state, events.site_id, events.client_id, events.action, events.points,
    events.lane, events.reward_id, events.payout_id, events.amount, events.eligibility_on, events.description,
    events.reward_version, events.sheet, events.row_number, latest.nth AS tries, live.event_id AS live_event_id,
    live.run_id AS live_run_id
FROM events
LEFT JOIN reversals AS latest ON latest.reversed_event_id = events.event_id AND latest.nth = (
    SELECT max(nth) FROM reversals AS tries WHERE tries.reversed_event_id = events.event_id
)
LEFT JOIN events AS live ON live.event_id = latest.event_id AND live.state NOT IN ('discarded', 'refused')
WHERE events.event_id = :event_id

-- name: update_before
-- The last update of the reward that took effect before this one, as far as this ledger knows.
SELECT events.event_id, events.payout_id, events.amount, events.eligibility_on, events.description, files.name AS file
FROM events JOIN files ON files.file_id = events.file_id
WHERE events.lane = :lane AND events.state = 'posted' AND events.reward_version < :reward_version
ORDER BY events.reward_version DESC LIMIT 1

-- name: breaks_with_reversals
-- Which of these breaks an entry was proposed for, with where that one stands; the latest try. Given: a JSON object whose
-- keys are break ids.
SELECT reversals.break_id, reversals.event_id, reversals.nth, reversals.requested_by, events.state, events.action,
    events.points, breaks.state AS break_state
FROM json_each(:given) AS given CROSS JOIN reversals JOIN events ON events.event_id = reversals.event_id
JOIN breaks ON breaks.break_id = reversals.break_id
WHERE reversals.break_id = given.key AND reversals.nth = (
    SELECT max(later.nth) FROM reversals AS later WHERE later.break_id = reversals.break_id
)

-- name: offset_breaks
-- Which of these breaks have their extra entry taken back by one that the service was seen to show. Given: as above.
SELECT reversals.break_id, reversals.event_id
FROM json_each(:given) AS given CROSS JOIN reversals CROSS JOIN events
WHERE reversals.break_id = given.key AND events.event_id = reversals.event_id AND events.state = 'posted' AND events.compared_at IS NOT NULL

-- name: needless_reversals
-- Held entries that would take back what a break is about, where that break is not open any more.
SELECT reversals.event_id, reversals.break_id, breaks.state FROM reversals
JOIN events ON events.event_id = reversals.event_id
JOIN breaks ON breaks.break_id = reversals.break_id
WHERE events.state = 'held' AND breaks.state NOT IN ('open', 'acknowledged')
AND (events.event_id = :held_id OR events.run_id = :held_id)

-- name: entries_taking_back
-- Which of these events take an entry back: equal to no row of a file, each is known by its own id. Given: a JSON object
-- whose keys are event ids.
SELECT events.event_id FROM json_each(:given) AS given CROSS JOIN events
WHERE events.event_id = given.key AND events.content_key = events.event_id

-- name: trace_reversals
-- What takes the event back, and what the event takes back.
SELECT reversals.event_id, reversals.reversed_event_id, reversals.break_id, reversals.requested_by, reversals.reason,
    reversals.requested_at, events.state
FROM reversals JOIN events ON events.event_id = reversals.event_id
WHERE reversals.event_id = :event_id OR reversals.reversed_event_id = :event_id ORDER BY reversals.nth

-- name: mark_taken_back
-- A row that equals an event which was taken back is known all the same; whoever sent it again should read why it stays.
UPDATE staged_events SET reason = 'already in the ledger, and taken back since: give a further event another time'
WHERE fate = 'duplicate' AND EXISTS (
    SELECT 1 FROM reversals CROSS JOIN events
    WHERE reversals.reversed_event_id = staged_events.known_event_id AND events.event_id = reversals.event_id
    AND events.state = 'posted'
)

-- name: knows_what_is_taken_back
-- No row where the ledger has neither the event nor the break.
SELECT 1 FROM events WHERE event_id = :event_id UNION ALL SELECT 1 FROM breaks WHERE break_id = :break_id

-- name: offsets_waiting
-- Grain: one row per entry of a site that is held, and would take back what an open difference is about.
SELECT reversals.break_id, reversals.requested_by, reversals.requested_at, events.client_id, events.action, events.points
FROM events CROSS JOIN reversals CROSS JOIN breaks
WHERE events.state = 'held' AND events.site_id = :site_id AND reversals.event_id = events.event_id
AND breaks.break_id = reversals.break_id AND breaks.state IN ('open', 'acknowledged')
ORDER BY reversals.requested_at, reversals.break_id
