-- name: keep_fact
-- What was read again is as fresh as the last reading.
INSERT INTO reference_facts (site_id, named, item_id, client_id, fetched_at)
VALUES (:site_id, :named, :item_id, :client_id, :fetched_at)
ON CONFLICT (site_id, named, item_id, client_id) DO UPDATE SET fetched_at = excluded.fetched_at

-- name: keep_read
-- Whose visits, sales or referrals were read whole: an id that such a client lacks is surely not theirs.
INSERT INTO reference_reads (site_id, subject, client_id, fetched_at)
VALUES (:site_id, :subject, :client_id, :fetched_at)
ON CONFLICT (site_id, subject, client_id) DO UPDATE SET fetched_at = excluded.fetched_at

-- name: drop_stale_facts
-- Ids of a service's clients are kept no longer than they are of use.
DELETE FROM reference_facts WHERE fetched_at < :fetched_at

-- name: drop_stale_reads
-- A reading says nothing of what came after it, so an old one proves nothing about an id that is missing.
DELETE FROM reference_reads WHERE fetched_at < :fetched_at

-- name: fresh_facts
-- Grain: one row per id and the client it belongs to, as it was read lately enough to count.
SELECT site_id, named, item_id, client_id FROM reference_facts WHERE fetched_at >= :fetched_at

-- name: fresh_reads
-- Grain: one row per client and subject that was read whole lately enough to count.
SELECT site_id, subject, client_id, fetched_at FROM reference_reads WHERE fetched_at >= :fetched_at

-- name: known_events
-- Which events the ledger has already: nothing about them needs to be asked again.
SELECT event_id FROM events WHERE event_id IN :event_ids

-- name: events_to_post
-- Mindbody's events that are not posted yet, and their clients, each of whom is read back once.
SELECT count(*) AS events_count, count(DISTINCT lane) AS lanes FROM events
WHERE target = 'mindbody' AND state IN ('ready', 'sending', 'unknown')

-- name: source_ids_of_run
-- How the SourceIds of a run's files came out. Grain: one row per subject and finding.
SELECT source_id_checks.subject, source_id_checks.finding, sum(source_id_checks.row_count) AS row_count
FROM source_id_checks JOIN files ON files.file_id = source_id_checks.file_id
WHERE files.run_id = :run_id
GROUP BY source_id_checks.subject, source_id_checks.finding
ORDER BY source_id_checks.finding, source_id_checks.subject
