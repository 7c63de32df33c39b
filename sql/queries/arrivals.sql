-- name: rows_before
-- Grain: one row per file of a series that came before another one, the latest first.
SELECT files.rows_read FROM files JOIN runs ON runs.run_id = files.run_id
WHERE files.default_site_id = :default_site_id AND files.series = :series AND files.file_id < :file_id
AND runs.kind IN ('nightly', 'upload') ORDER BY files.file_id DESC LIMIT :most

-- name: arrivals_since
-- Grain: one row per file that a night took in since, with the series that it belongs to; of nights that began no more
-- than a week earlier than that, since all nights before would have to be asked for their files.
SELECT files.default_site_id, files.series, files.name, files.registered_at
FROM files JOIN runs ON runs.run_id = files.run_id
WHERE files.registered_at >= :since_at AND files.series IS NOT NULL
AND runs.kind = 'nightly' AND runs.started_at >= :begun_since_at
ORDER BY files.file_id
