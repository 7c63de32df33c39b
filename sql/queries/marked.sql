-- name: rows_of_file
-- Grain: one row per row of the file that is an event of its own, with what the service last said of it. Events are found
-- by the run that registered the file.
SELECT events.sheet, events.row_number, events.event_id, events.state, events.state_reason, answers.message
FROM files CROSS JOIN events LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
ORDER BY events.ordinal

-- name: known_rows_of_file
-- Grain: one row per row of the file that brought an event the ledger had already, and where that one came from.
SELECT duplicates.sheet, duplicates.row_number, duplicates.by_receipt, events.event_id, events.state, events.state_reason,
    answers.message, events.file_id AS first_file_id, files.name AS first_file, events.sheet AS first_sheet,
    events.row_number AS first_row
FROM duplicates
JOIN events ON events.event_id = duplicates.event_id
JOIN files ON files.file_id = events.file_id
LEFT JOIN answers ON answers.attempt_id = events.attempt_id
WHERE duplicates.file_id = :file_id
ORDER BY duplicates.ordinal

-- name: rejections_of_file
-- Grain: one row per wrong cell and code, as they were found.
SELECT sheet, row_number AS row, column_heading AS column, cell, code, value, message, suggestion
FROM rejections WHERE file_id = :file_id ORDER BY rejection_id
