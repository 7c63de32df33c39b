-- name: desk_sheet
-- Grain: one row, or none.
SELECT * FROM desk_sheets WHERE sheet_id = :sheet_id

-- name: desk_sheets_of_site
-- Grain: one row per sheet of the site, the newest first, but those that were dropped.
SELECT * FROM desk_sheets WHERE site_id = :site_id AND stage <> 'dropped'
ORDER BY uploaded_at DESC, sheet_id LIMIT :most OFFSET :skipped

-- name: desk_sheets_to_post
-- Grain: one row per sheet that somebody wants posted, in the order in which they said so.
SELECT * FROM desk_sheets WHERE stage = 'posting' ORDER BY stage_at, sheet_id

-- name: desk_sheets_waiting
-- Grain: one row per sheet of which all that it brings waits for another person.
SELECT * FROM desk_sheets WHERE stage = 'waiting' AND site_id = :site_id ORDER BY stage_at, sheet_id

-- name: desk_undos_waiting
-- Grain: one row per sheet of the site of which something is planned to be taken back, and nobody has decided yet.
SELECT * FROM desk_sheets WHERE site_id = :site_id AND undo_plan_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM events WHERE events.run_id = desk_sheets.undo_plan_id AND events.state = 'held'
) ORDER BY uploaded_at, sheet_id

-- name: desk_sheet_at_stage
-- Move a sheet on; nothing happens where somebody was faster.
UPDATE desk_sheets SET stage = :stage, stage_at = :now, trouble = :trouble
WHERE sheet_id = :sheet_id AND stage = :from_stage

-- name: desk_sheet_wanted
-- Somebody wants it posted as it was shown to them; nothing happens where somebody was faster.
UPDATE desk_sheets SET stage = 'posting', stage_at = :now, wanted_by = :wanted_by, wanted_seen = :wanted_seen,
    needs_another = :needs_another, trouble = NULL, tries_count = 0
WHERE sheet_id = :sheet_id AND stage = 'open' AND sha256 = :sha256

-- name: desk_sheet_again
-- Somebody wants it tried again; nothing happens where the poster is at it.
UPDATE desk_sheets SET stage = 'posting', stage_at = :now, trouble = NULL, tries_count = 0
WHERE sheet_id = :sheet_id AND stage IN ('stuck', 'done', 'waiting')

-- name: desk_sheet_begun
UPDATE desk_sheets SET tries_count = tries_count + 1 WHERE sheet_id = :sheet_id

-- name: desk_sheet_planned
UPDATE desk_sheets SET plan_id = :plan_id WHERE sheet_id = :sheet_id

-- name: desk_sheet_to_undo
UPDATE desk_sheets SET undo_plan_id = :undo_plan_id WHERE sheet_id = :sheet_id

-- name: desk_sheet_ran
UPDATE desk_sheets SET run_id = :run_id WHERE sheet_id = :sheet_id

-- name: desk_sheet_read_well
UPDATE desk_sheets SET is_read_well = :is_read_well WHERE sheet_id = :sheet_id AND stage = 'open'

-- name: desk_sheets_to_read_anew
-- What was said of columns may hold for any of them: somebody looks at how it is read before it is posted.
UPDATE desk_sheets SET is_read_well = false WHERE stage = 'open'

-- name: desk_sheet_mended
-- The content is another one; nothing happens where it is not the one that was mended, or is posted meanwhile.
UPDATE desk_sheets SET sha256 = :sha256, name = :name
WHERE sheet_id = :sheet_id AND stage = 'open' AND sha256 = :before_sha256

-- name: mends_of_desk_sheet
-- Grain: one row per cell that was changed, in that order.
SELECT sheet, row_number, column_heading, before, after, mended_at, mended_by FROM desk_mends
WHERE sheet_id = :sheet_id ORDER BY mend_id

-- name: desk_rows_of_file
-- Grain: one row per event that the file brought, in its order, with what the service last said of it, whether
-- something takes it back by now: its state, and where its row was turned down and came corrected, that one's. Events
-- are found by the run that registered the file. Tab: a state, of which what came corrected since is "changed", or "all".
SELECT events.sheet, events.row_number, events.event_id, events.kind, events.site_id, events.client_id, events.action,
    events.points, events.source, events.source_id, events.action_at, events.is_dated, events.reward_id, events.amount,
    events.state, events.state_reason, events.held_for, answers.code, answers.message,
    takes_back.state AS undone_state, lookalikes.event_id IS NOT NULL AS is_lookalike,
    CASE WHEN events.state = 'refused' THEN {stands_instead} END AS corrected_state
FROM (
    SELECT events.event_id, events.ordinal FROM files CROSS JOIN events
    WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
    AND (:tab = 'all' OR :tab = CASE WHEN events.state <> 'refused' THEN events.state
        WHEN {stands_instead} IS NULL THEN 'refused' ELSE 'changed' END)
    ORDER BY events.ordinal LIMIT :most OFFSET :skipped
) AS shown JOIN events ON events.event_id = shown.event_id LEFT JOIN answers ON answers.attempt_id = events.attempt_id
    LEFT JOIN reversals ON reversals.reversed_event_id = events.event_id
        AND NOT EXISTS (SELECT 1 FROM reversals later WHERE later.reversed_event_id = reversals.reversed_event_id
            AND later.nth > reversals.nth)
    LEFT JOIN events takes_back ON takes_back.event_id = reversals.event_id
    LEFT JOIN lookalikes ON lookalikes.event_id = events.event_id
ORDER BY shown.ordinal

-- name: desk_known_rows_of_file
-- Grain: one row per row of the file that brought an event the ledger had already, with that event.
SELECT duplicates.sheet, duplicates.row_number, events.event_id, events.kind, events.site_id, events.client_id,
    events.action, events.points, events.source, events.source_id, events.action_at, events.is_dated,
    events.reward_id, events.amount, events.state, events.state_reason, events.held_for, NULL AS code, NULL AS message,
    NULL AS undone_state, NULL AS corrected_state, lookalikes.event_id IS NOT NULL AS is_lookalike,
    files.name AS first_file, events.row_number AS first_row, events.sheet AS first_sheet
FROM duplicates
JOIN events ON events.event_id = duplicates.event_id
JOIN files ON files.file_id = events.file_id
LEFT JOIN lookalikes ON lookalikes.event_id = events.event_id
WHERE duplicates.file_id = :file_id ORDER BY duplicates.ordinal LIMIT :most OFFSET :skipped

-- name: desk_states_of_file
-- Grain: one row per state of what the file brought, and whether it was taken back, or came corrected, since.
SELECT became.state, became.since, count(*) AS events_count FROM (
    SELECT events.state, CASE
        WHEN events.state = 'posted' AND EXISTS (
            SELECT 1 FROM reversals JOIN events AS takes_back ON takes_back.event_id = reversals.event_id
            WHERE reversals.reversed_event_id = events.event_id AND takes_back.state = 'posted'
        ) THEN 'taken back'
        WHEN events.state = 'refused' AND {stands_instead} IS NOT NULL THEN 'changed' ELSE '' END AS since
    FROM files CROSS JOIN events
    WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
) AS became
GROUP BY became.state, became.since

-- name: desk_behind_doubt
-- Grain: one row: how many events of the file wait only for one of the same client, or reward, that is not sure yet.
SELECT count(*) AS events_count
FROM files CROSS JOIN events
WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
AND events.state = 'ready' AND EXISTS (
    SELECT 1 FROM events AS before WHERE before.lane = events.lane AND before.state IN ('sending', 'unknown')
)

-- name: desk_file
-- Grain: one row, or none: what was registered with this content.
SELECT file_id, sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held, rejected
FROM files
WHERE sha256 = :sha256 AND default_site_id = :default_site_id

-- name: undo_asked_by
-- Grain: one row, or none: who planned to take back what this plan takes back.
SELECT reversals.requested_by FROM events JOIN reversals ON reversals.event_id = events.event_id
WHERE events.run_id = :plan_id LIMIT 1

-- name: desk_row_of_event
-- Grain: one row, or none: an event as `desk_rows_of_file` has it.
SELECT events.sheet, events.row_number, events.event_id, events.kind, events.site_id, events.client_id, events.action,
    events.points, events.source, events.source_id, events.action_at, events.is_dated, events.reward_id, events.amount,
    events.file_id, events.state, events.state_reason, events.held_for, answers.code, answers.message,
    EXISTS (SELECT 1 FROM lookalikes WHERE lookalikes.event_id = events.event_id) AS is_lookalike, (
        SELECT takes_back.state FROM reversals JOIN events AS takes_back ON takes_back.event_id = reversals.event_id
        WHERE reversals.reversed_event_id = events.event_id ORDER BY reversals.nth DESC LIMIT 1
    ) AS undone_state,
    CASE WHEN events.state = 'refused' THEN {stands_instead} END AS corrected_state
FROM events LEFT JOIN answers ON answers.attempt_id = events.attempt_id WHERE events.event_id = :event_id

-- name: desk_file_by_id
SELECT file_id, sha256, default_site_id, name, run_id, registered_at, rows_read FROM files WHERE file_id = :file_id

-- name: desk_sheets_of_content
-- Grain: one row per sheet of the desk that has this content, the newest first.
SELECT * FROM desk_sheets WHERE sha256 = :sha256 AND default_site_id = :default_site_id ORDER BY uploaded_at DESC

-- name: desk_clients_of_file
-- Grain: one row per client of whom the file brings something that is new: what it comes to, whether anything of the
-- client was accepted in any other run, and the balance that was last read, with what was posted since.
SELECT own.site_id, own.client_id, own.earned_billions, own.earned_rest, own.redeemed_billions, own.redeemed_rest,
    EXISTS (
        SELECT 1 FROM events AS known WHERE known.lane = own.lane AND known.run_id <> own.run_id
        AND known.state IN ('ready', 'sending', 'unknown', 'posted')
    ) AS is_known, client_balances.balance, client_balances.read_at,
    (
        SELECT sum((CASE WHEN since.action = 'Earned' THEN since.points ELSE -since.points END) / 1000000000)
        FROM events AS since
        WHERE since.lane = own.lane AND since.state = 'posted' AND since.state_at > client_balances.read_at
    ) AS since_billions,
    (
        SELECT sum((CASE WHEN since.action = 'Earned' THEN since.points ELSE -since.points END) % 1000000000)
        FROM events AS since
        WHERE since.lane = own.lane AND since.state = 'posted' AND since.state_at > client_balances.read_at
    ) AS since_rest
FROM (
    SELECT events.run_id, events.lane, events.site_id, events.client_id,
        coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END / 1000000000), 0) AS earned_billions,
        coalesce(sum(CASE WHEN events.action = 'Earned' THEN events.points END % 1000000000), 0) AS earned_rest,
        coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END / 1000000000), 0) AS redeemed_billions,
        coalesce(sum(CASE WHEN events.action = 'Redeemed' THEN events.points END % 1000000000), 0) AS redeemed_rest
    FROM files CROSS JOIN events
    WHERE files.file_id = :file_id AND events.run_id = files.run_id AND events.file_id = files.file_id
    AND events.client_id IS NOT NULL AND events.state IN ('ready', 'held')
    GROUP BY events.run_id, events.lane, events.site_id, events.client_id
) AS own
LEFT JOIN client_balances
    ON client_balances.site_id = own.site_id AND client_balances.client_id = own.client_id
ORDER BY own.site_id, own.client_id

-- name: desk_ledger_stamp
-- Grain: one row, which is another one as soon as anything was registered, has moved or was decided.
SELECT (SELECT max(file_id) FROM files) AS file_id, (SELECT max(transition_id) FROM transitions) AS transition_id,
    (SELECT max(decision_id) FROM event_decisions) AS decision_id

-- name: desk_bad_cells_of_file
-- Grain: one row per wrong cell of the file, in its order.
SELECT sheet, row_number, column_heading, value, message FROM rejections
WHERE file_id = :file_id ORDER BY rejection_id LIMIT :most OFFSET :skipped

-- name: count_bad_cells_of_file
SELECT count(*) FROM rejections WHERE file_id = :file_id
