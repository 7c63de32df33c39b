-- name: trace_event
-- The event itself, and the file that brought it; no row where there is none.
SELECT events.*, files.name AS file FROM events JOIN files ON files.file_id = events.file_id
WHERE events.event_id = :event_id

-- name: trace_transitions
-- Every move of the event, oldest first; triggers write them, so none is missing.
SELECT * FROM transitions WHERE event_id = :event_id ORDER BY transition_id

-- name: trace_answers
-- Grain: one row per attempt that was answered, oldest first; one without an answer ended in doubt.
SELECT answers.* FROM answers JOIN attempts ON attempts.attempt_id = answers.attempt_id
WHERE attempts.event_id = :event_id ORDER BY answers.attempt_id

-- name: trace_settlements
-- Grain: one row per reading back or ruling, oldest first, with its evidence.
SELECT * FROM settlements WHERE event_id = :event_id ORDER BY settlement_id

-- name: trace_breaks
-- Every break about the event, closed ones too.
SELECT * FROM breaks WHERE event_id = :event_id

-- name: trace_corrections
-- Which event's row corrected it, and whose row it corrects itself.
SELECT * FROM corrections WHERE event_id = :event_id OR corrected_event_id = :event_id

-- name: trace_break
-- The break itself; no row where there is none.
SELECT * FROM breaks WHERE break_id = :break_id

-- name: trace_moves
-- Every time the break came to the open ones or left them, oldest first.
SELECT * FROM break_moves WHERE break_id = :break_id ORDER BY move_id

-- name: trace_parts
-- Which entries explain the break about a balance, or which of these the entry explains.
SELECT * FROM balance_parts WHERE break_id = :break_id
UNION ALL
SELECT * FROM balance_parts WHERE gap_id = :break_id

-- name: trace_lane
-- Grain: one row per event of a client of a site, or of a reward, in the order in which they are sent.
SELECT events.*, files.name AS file FROM events JOIN files ON files.file_id = events.file_id
WHERE events.lane = :lane ORDER BY events.order_at, events.file_id, events.ordinal

-- name: trace_client_breaks
-- The open breaks of a client of a site, oldest first.
SELECT * FROM breaks WHERE site_id = :site_id AND client_id = :client_id AND state IN ('open', 'acknowledged')
ORDER BY opened_on, break_id

-- name: trace_sites
-- Sites whose sheets were read, one row each: those that have left the settings are among them.
SELECT site_id FROM site_times ORDER BY site_id

-- name: breaks_of_client_at
-- Every break of a client of a site, with when a break about the balance was found.
SELECT breaks.*, balance_gaps.until_at FROM breaks LEFT JOIN balance_gaps ON balance_gaps.break_id = breaks.break_id
WHERE breaks.site_id = :site_id AND breaks.client_id = :client_id ORDER BY breaks.opened_on, breaks.break_id

-- name: told_balances
-- Grain: one row per event of the client whose answer told a balance.
SELECT events.event_id, answers.balance FROM events JOIN answers ON answers.attempt_id = events.attempt_id
WHERE events.lane = :lane AND answers.balance IS NOT NULL
