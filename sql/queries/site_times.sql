-- name: site_times_in_force
-- Grain: one row per site. The last word on what its times without an offset are read as; a row per site and change.
SELECT site_id, times FROM site_times
WHERE site_times_id IN (SELECT max(site_times_id) FROM site_times GROUP BY site_id) ORDER BY site_id
