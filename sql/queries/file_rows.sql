-- name: files_named
-- Grain: one row per file of this name, in the order in which they came; the same name may have come more than once.
SELECT file_id FROM files WHERE name = :file ORDER BY file_id

-- name: events_at
-- Grain: one row per event that a row of the file brought. Events are found by the run that registered the file.
SELECT events.*, files.name AS file FROM files CROSS JOIN events
WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
AND coalesce(events.sheet, '') = :sheet AND events.row_number = :row_number

-- name: duplicates_at
-- Grain: one row per time that a row of the file brought an event again, with the event that it brought.
SELECT event_id, reason FROM duplicates
WHERE file_id = :file_id AND coalesce(sheet, '') = :sheet AND row_number = :row_number

-- name: rejections_at
-- Grain: one row per wrong cell of a row of the file, and code.
SELECT * FROM rejections
WHERE file_id = :file_id AND coalesce(sheet, '') = :sheet AND row_number = :row_number ORDER BY rejection_id

-- name: skipped_at
-- Grain: one row per reason why a row of the file was passed over as none.
SELECT reason FROM skipped_rows
WHERE file_id = :file_id AND coalesce(sheet, '') = :sheet AND row_number = :row_number ORDER BY skipped_id
