-- name: mark_guarded_points
-- More points in one event than the settings let through without a person. Given: a JSON object of limit and words by
-- site; sites that it does not name have the general limit, where there is one.
UPDATE staged_events SET fate = 'held', held_for = 'limit', reason = :reason
WHERE fate IS NULL AND points > :most AND site_id NOT IN (SELECT key FROM json_each(:given))

-- name: mark_guarded_points_of_sites
-- The same for the sites that are given, each with its own limit.
UPDATE staged_events SET fate = 'held', held_for = 'limit', reason = given.reason
FROM (
    SELECT key AS site_id, value ->> 'reason' AS reason, CAST(value ->> 'most' AS BIGINT) AS most
    FROM json_each(:given)
) AS given
WHERE staged_events.fate IS NULL AND staged_events.site_id = given.site_id AND staged_events.points > given.most

-- name: guarded_points
-- Grain: one row per site with events that were held for their own points. No other limit has held anything yet.
SELECT site_id, count(*) AS events_count, max(points) AS most_points,
    sum(points / 1000000000) AS points_billions, sum(points % 1000000000) AS points_rest
FROM staged_events WHERE held_for = 'limit' GROUP BY site_id ORDER BY site_id

-- name: points_of_clients
-- Grain: one row per client of the file who gets about as many points in this run as the least limit lets through, or
-- more: those of the run's files before are counted in.
SELECT site_id, lane, sum(is_staged) AS events_count, sum(points / 1000000000) AS points_billions,
    sum(points % 1000000000) AS points_rest
FROM (
    SELECT site_id, lane, points, 1 AS is_staged FROM staged_events WHERE fate IS NULL AND client_id IS NOT NULL
    UNION ALL
    SELECT site_id, lane, points, 0 AS is_staged FROM events
    WHERE run_id = :run_id AND first_state = 'ready' AND client_id IS NOT NULL
) AS of_run
GROUP BY site_id, lane HAVING sum(is_staged) > 0 AND sum(points * 1.0) >= :about

-- name: mark_guarded_clients
-- All that the file brings of a client waits: some of it alone would go out of its order. Given: a JSON object of words
-- by client.
UPDATE staged_events SET fate = 'held', held_for = 'limit', reason = given.reason
FROM (SELECT key AS lane, value ->> 'reason' AS reason FROM json_each(:given)) AS given
WHERE staged_events.fate IS NULL AND staged_events.lane = given.lane

-- name: staged_of_sites
-- Grain: one row per site with new events in the file; rewards stand below the site ''.
SELECT site_id, count(*) AS events_count, coalesce(sum(points / 1000000000), 0) AS points_billions,
    coalesce(sum(points % 1000000000), 0) AS points_rest
FROM staged_events WHERE fate IS NULL GROUP BY site_id ORDER BY site_id

-- name: batch_points_of_run
-- Grain: one row per file, kind and site of the run.
SELECT batches.site_id, batches.points, batches.points_quintillions
FROM batches JOIN files ON files.file_id = batches.file_id
WHERE files.run_id = :run_id

-- name: new_clients
-- Grain: one row per site with clients, in this file or the run's files before, of whom the ledger has accepted nothing
-- in any other run.
SELECT site_id, count(*) AS clients_count FROM (
    SELECT site_id, lane FROM staged_events WHERE fate IS NULL AND client_id IS NOT NULL
    UNION
    SELECT site_id, lane FROM events WHERE run_id = :run_id AND first_state = 'ready' AND client_id IS NOT NULL
) AS met
WHERE NOT EXISTS (
    SELECT 1 FROM events AS known WHERE known.lane = met.lane
    AND known.state IN ('ready', 'sending', 'unknown', 'posted') AND known.run_id <> :run_id
)
GROUP BY site_id

-- name: payout_changes
-- Grain: one row, how many rewards, in this file and the run's files before, get another payout than the ledger knows
-- of them. Of a reward that it has never met nobody can tell.
SELECT count(*) AS rewards_count FROM (
    SELECT staged.lane FROM staged_events AS staged
    JOIN events AS latest ON latest.lane = staged.lane AND latest.reward_version = (
        SELECT max(known.reward_version) FROM events AS known WHERE known.lane = staged.lane
    )
    WHERE staged.fate IS NULL AND staged.reward_id IS NOT NULL AND lower(latest.payout_id) <> lower(staged.payout_id)
    UNION
    SELECT mine.lane FROM events AS mine
    JOIN events AS earlier ON earlier.lane = mine.lane AND earlier.reward_version = mine.reward_version - 1
    WHERE mine.run_id = :run_id AND mine.reward_version IS NOT NULL AND mine.reward_id IS NOT NULL
    AND lower(earlier.payout_id) <> lower(mine.payout_id)
) AS changed

-- name: mark_guarded_sites
-- All that the file would send to a site waits for a person. Given: a JSON object of words by site.
UPDATE staged_events SET fate = 'held', held_for = 'limit', reason = given.reason
FROM (SELECT key AS site_id, value ->> 'reason' AS reason FROM json_each(:given)) AS given
WHERE staged_events.fate IS NULL AND staged_events.site_id = given.site_id

-- name: hold_file
-- The whole file waits for a person.
UPDATE staged_events SET fate = 'held', held_for = :held_for, reason = :reason WHERE fate IS NULL
