-- name: nights_between
-- Grain: one row per nightly run that began in a span of time, in order.
SELECT run_id, started_at, finished_at, seen_at, failure, summary FROM runs
WHERE kind = 'nightly' AND started_at >= :since_at AND started_at < :until_at
ORDER BY started_at, run_id

-- name: night_of
-- Grain: one row. The night of this id, as above.
SELECT run_id, started_at, finished_at, seen_at, failure, summary FROM runs WHERE kind = 'nightly' AND run_id = :run_id

-- name: nights_around
-- Grain: one row. The night before this one and the one after it; null where there is none.
SELECT (
    SELECT run_id FROM runs WHERE kind = 'nightly' AND started_at < :started_at
    ORDER BY started_at DESC, run_id DESC LIMIT 1
) AS before_id, (
    SELECT run_id FROM runs WHERE kind = 'nightly' AND started_at > :started_at ORDER BY started_at, run_id LIMIT 1
) AS after_id

-- name: open_breaks_by_run
-- Grain: one row per run that first saw something which is open now, site and class, of what was first seen on these days.
SELECT breaks.opened_run_id AS run_id, breaks.site_id, breaks.class, count(*) AS breaks_count
FROM breaks
WHERE state IN ('open', 'acknowledged') AND opened_on >= :since_on AND opened_on <= :until_on
GROUP BY breaks.opened_run_id, breaks.site_id, breaks.class

-- name: unsettled_by_run
-- Grain: one row per run and site: how many of its rows are not sure yet, or still to be posted.
-- Counted once they are together: to group each part SQLite would walk through all events by run, where few are such.
SELECT run_id, site_id, count(*) AS events_count FROM (
    SELECT run_id, site_id FROM events
    WHERE state IN ('sending', 'unknown') AND state = 'unknown' AND attempt_id IS NOT NULL
    UNION ALL
    SELECT run_id, site_id FROM events WHERE state = 'ready'
) AS unsettled
GROUP BY run_id, site_id

-- name: uncompared_by_run
-- Grain: one row per run and site: how many of its rows were posted and no reading has compared yet.
SELECT run_id, site_id, count(*) AS events_count FROM (
    SELECT run_id, site_id FROM events WHERE state = 'posted' AND compared_at IS NULL
) AS uncompared
GROUP BY run_id, site_id

-- name: rows_of_runs
-- Grain: one row per run and site: how many rows its files brought that were accepted, of files taken in in a span of time.
SELECT files.run_id, batches.site_id, sum(batches.event_count) AS rows_count
FROM files JOIN batches ON batches.file_id = files.file_id
WHERE files.registered_at >= :since_at AND files.registered_at < :until_at
GROUP BY files.run_id, batches.site_id

-- name: waiting_by_site
-- Grain: one row per site and what waits there (held, unknown, ready), with since when the oldest of it does. Each part
-- repeats the condition of an index that holds nothing else.
SELECT site_id, 'held' AS what, count(*) AS events_count, min(registered_at) AS since_at FROM events
WHERE state = 'held' AND site_id NOT IN (SELECT site_id FROM kept_sites) GROUP BY site_id
UNION ALL
SELECT site_id, 'unknown' AS what, count(*) AS events_count, min(registered_at) AS since_at FROM events
WHERE state IN ('sending', 'unknown') AND state = 'unknown' AND attempt_id IS NOT NULL GROUP BY site_id
UNION ALL
SELECT site_id, 'ready' AS what, count(*) AS events_count, min(registered_at) AS since_at FROM events
WHERE state = 'ready' AND site_id NOT IN (SELECT site_id FROM kept_sites) GROUP BY site_id
UNION ALL
SELECT site_id, 'refused' AS what, count(*) AS events_count, min(registered_at) AS since_at FROM events
WHERE state = 'refused' GROUP BY site_id

-- name: open_breaks_by_site
-- Grain: one row per site ("" of none), class and run that first saw it: how many differences are open, and when that run
-- began. Not by the column itself: SQLite would go by an index of sites, and look at every row for the rest. Not since
-- opened_on, which is a day of UTC: a night that begins in the evening by the studio's clock is of the day after by that.
SELECT counted.site_id, counted.class, counted.breaks_count, runs.started_at AS since_at FROM (
    SELECT coalesce(breaks.site_id, '') AS site_id, class, opened_run_id, count(*) AS breaks_count FROM breaks
    WHERE state IN ('open', 'acknowledged') GROUP BY coalesce(breaks.site_id, ''), class, opened_run_id
) AS counted JOIN runs ON runs.run_id = counted.opened_run_id

-- name: events_with_places
-- Grain: one row per one of these events, with the row of the sheet that it came from. Given: a JSON object whose keys are
-- event ids.
SELECT events.event_id, events.kind, events.site_id, events.client_id, events.points, events.amount, events.source,
    events.source_id, events.action_at, files.name AS file, events.sheet, events.row_number AS "row"
FROM json_each(:given) AS given CROSS JOIN events CROSS JOIN files
WHERE events.event_id = given.key AND files.file_id = events.file_id
