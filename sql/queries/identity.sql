-- name: ledger_position
-- Grain: one row. Who the ledger is, its latest run, and the last file and claim; each is the end of an index.
SELECT
    ledger_identity.ledger_id,
    coalesce(latest.number, 0) AS run_number,
    latest.run_id,
    runs.started_at,
    (SELECT coalesce(max(file_id), 0) FROM files) AS file_id,
    (SELECT coalesce(max(attempt_id), 0) FROM attempts) AS attempt_id,
    -- Runs that were counted as they began come after all that a migration counted.
    (CASE WHEN latest.numbered_at IS NULL THEN 0 ELSE 1 END) AS counted
FROM ledger_identity
LEFT JOIN run_numbers AS latest ON latest.number = (SELECT max(number) FROM run_numbers)
LEFT JOIN runs ON runs.run_id = latest.run_id

-- name: run_of_number
-- The run that was given this number, if any was.
SELECT run_id FROM run_numbers WHERE number = :number

-- name: known_run
-- Whether the run was ever begun here.
SELECT 1 FROM runs WHERE run_id = :run_id
