-- name: files_taken_in
-- Grain: one row per file that was registered in the span, in that order.
SELECT file_id, name, sha256, default_site_id, registered_at, run_id, rows_read, accepted, duplicate, held, rejected
FROM files WHERE registered_at >= :since_at AND registered_at < :until_at ORDER BY file_id

-- name: states_of_files_taken_in
-- Grain: one row per file of the span and state of the events that it brought.
SELECT events.file_id, events.state, count(*) AS events_count
FROM files JOIN events ON events.run_id = files.run_id AND events.file_id = files.file_id
WHERE files.registered_at >= :since_at AND files.registered_at < :until_at
GROUP BY events.file_id, events.state ORDER BY events.file_id, events.state
