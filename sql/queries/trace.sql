-- name: trace_event
SELECT events.*, files.name AS file FROM events JOIN files ON files.file_id = events.file_id
WHERE events.event_id = :event_id

-- name: trace_row_events
SELECT events.*, files.name AS file FROM events JOIN files ON files.file_id = events.file_id
WHERE files.name = :file AND coalesce(events.sheet, '') = :sheet AND events.row_number = :row_number
ORDER BY events.file_id

-- name: trace_row_duplicates
SELECT duplicates.event_id, duplicates.reason FROM duplicates JOIN files ON files.file_id = duplicates.file_id
WHERE files.name = :file AND coalesce(duplicates.sheet, '') = :sheet AND duplicates.row_number = :row_number
ORDER BY duplicates.file_id

-- name: trace_row_rejections
SELECT rejections.* FROM rejections JOIN files ON files.file_id = rejections.file_id
WHERE files.name = :file AND coalesce(rejections.sheet, '') = :sheet AND rejections.row_number = :row_number
ORDER BY rejections.rejection_id

-- name: trace_row_skipped
SELECT skipped_rows.reason FROM skipped_rows JOIN files ON files.file_id = skipped_rows.file_id
WHERE files.name = :file AND coalesce(skipped_rows.sheet, '') = :sheet AND skipped_rows.row_number = :row_number
ORDER BY skipped_rows.skipped_id

-- name: trace_transitions
SELECT * FROM transitions WHERE event_id = :event_id ORDER BY transition_id

-- name: trace_answers
SELECT answers.* FROM answers JOIN attempts ON attempts.attempt_id = answers.attempt_id
WHERE attempts.event_id = :event_id ORDER BY answers.attempt_id

-- name: trace_settlements
SELECT * FROM settlements WHERE event_id = :event_id ORDER BY settlement_id

-- name: trace_breaks
SELECT * FROM breaks WHERE event_id = :event_id
