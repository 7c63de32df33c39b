-- name: trace_event
-- The event itself, and the file that brought it; no row where there is none.
SELECT events.*, files.name AS file FROM events JOIN files ON files.file_id = events.file_id
WHERE events.event_id = :event_id

-- name: trace_row_events
-- Grain: one row per event that a row of files of this name brought; the same name may have come more than once. Events
-- are found by the run that registered their file, and what else a row brought by the file.
SELECT events.*, files.name AS file FROM files CROSS JOIN events
WHERE files.name = :file AND events.run_id = files.run_id AND events.file_id = files.file_id
AND coalesce(events.sheet, '') = :sheet AND events.row_number = :row_number
ORDER BY events.file_id

-- name: trace_row_duplicates
-- Grain: one row per time that the row brought an event again, with the event that it brought.
SELECT duplicates.event_id, duplicates.reason FROM files CROSS JOIN duplicates
WHERE files.name = :file AND duplicates.file_id = files.file_id AND coalesce(duplicates.sheet, '') = :sheet AND duplicates.row_number = :row_number
ORDER BY duplicates.file_id

-- name: trace_row_rejections
-- Grain: one row per wrong cell of the row and code.
SELECT rejections.* FROM files CROSS JOIN rejections
WHERE files.name = :file AND rejections.file_id = files.file_id AND coalesce(rejections.sheet, '') = :sheet AND rejections.row_number = :row_number
ORDER BY rejections.rejection_id

-- name: trace_row_skipped
-- Why the row was passed over as none.
SELECT skipped_rows.reason FROM files CROSS JOIN skipped_rows
WHERE files.name = :file AND skipped_rows.file_id = files.file_id AND coalesce(skipped_rows.sheet, '') = :sheet AND skipped_rows.row_number = :row_number
ORDER BY skipped_rows.skipped_id

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
