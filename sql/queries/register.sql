-- name: staged_totals
-- Grain: one row. What the file brings, so that steps that have nothing to do are left out.
SELECT count(*) AS rows_count, count(receipt) AS receipts, count(reward_id) AS updates,
    coalesce(sum(CASE WHEN is_dated OR reward_id IS NOT NULL THEN 0 ELSE 1 END), 0) AS undated,
    count(action_fraction) AS fractions, count(fingerprint) AS fingerprints, CASE WHEN EXISTS (SELECT 1 FROM known_rows) THEN 1 ELSE 0 END AS known_rows
FROM staged_events

-- name: mark_receipts
-- Rows that bear the receipt of an event with the same content are known, whatever else the file says; and so are
-- those with the same raw cells, also where they read otherwise now.
UPDATE staged_events SET fate = 'duplicate', known_event_id = receipt, by_receipt = true, reason = 'bears its receipt'
WHERE receipt IS NOT NULL AND EXISTS (
    SELECT 1 FROM events WHERE events.event_id = staged_events.receipt
    -- Two fractions that contradict each other are two times: the row was edited.
    AND (
        staged_events.action_fraction IS NULL OR events.action_fraction IS NULL
        OR substr(events.action_fraction, 1, length(staged_events.action_fraction)) = staged_events.action_fraction
        OR substr(staged_events.action_fraction, 1, length(events.action_fraction)) = events.action_fraction
    )
    AND (
        events.content_key = staged_events.content_key OR events.fingerprint = staged_events.fingerprint
        OR EXISTS (
            SELECT 1 FROM known_rows WHERE known_rows.event_id = staged_events.receipt
            AND known_rows.fingerprint = staged_events.fingerprint
        )
    )
)

-- name: mark_repeated_receipts
-- One receipt on several rows of points: a row was copied together with its receipt, so nobody can tell whether the copy
-- is a new event. Equal updates of a reward set nothing new, and may share one.
UPDATE staged_events SET fate = 'rejected', known_event_id = NULL, reason = 'receipt_repeated'
FROM (
    SELECT ordinal, row_number() OVER (PARTITION BY receipt ORDER BY ordinal) AS place
    FROM staged_events WHERE fate = 'duplicate' AND reward_id IS NULL
) AS bearers
WHERE bearers.place > 1 AND bearers.ordinal = staged_events.ordinal

-- name: mark_receipt_mismatches
-- A receipt beside other values than its event has: somebody edited a row that was already taken. What the service
-- refused, or a person discarded, never took effect, so the edited row is a new event.
UPDATE staged_events SET fate = 'rejected', reason = CASE
    WHEN EXISTS (SELECT 1 FROM events WHERE events.event_id = staged_events.receipt) THEN 'receipt_mismatch'
    ELSE 'receipt_unknown'
END
WHERE receipt IS NOT NULL AND fate IS NULL AND NOT EXISTS (
    SELECT 1 FROM events WHERE events.event_id = staged_events.receipt AND events.state IN ('refused', 'discarded')
)

-- name: mark_repeated_corrections
-- The receipt of what was turned down or discarded, on several rows with other values: one of them takes its place, and
-- whether the others are events of their own only a person knows. Equal updates of a reward are one, and may share it.
UPDATE staged_events SET fate = 'rejected', known_event_id = NULL, reason = 'receipt_repeated'
FROM (
    SELECT ordinal, row_number() OVER (PARTITION BY receipt ORDER BY ordinal) AS place,
        first_value(content_key) OVER (PARTITION BY receipt ORDER BY ordinal) AS first_content_key
    FROM staged_events WHERE receipt IS NOT NULL AND (fate IS NULL OR fate = 'duplicate')
) AS bearers
WHERE staged_events.fate IS NULL AND bearers.place > 1 AND bearers.ordinal = staged_events.ordinal
AND (staged_events.reward_id IS NULL OR staged_events.content_key <> bearers.first_content_key)

-- name: mark_dated_duplicates
-- The key of a dated event is its event id, so an equal id is the same event.
UPDATE staged_events SET fate = 'duplicate', known_event_id = event_id, reason = 'already in the ledger'
WHERE fate IS NULL AND is_dated
AND EXISTS (SELECT 1 FROM events WHERE events.event_id = staged_events.event_id)

-- name: mark_corrected_before
-- A row in the place of one that was turned down or discarded, where something else stands for the same row already: a
-- copy that was mended twice, or by two people, or an older try that was let go again. Nobody can tell whether both are
-- meant: where each names another reward, both would be paid.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = taken.event_id,
    reason = 'another row was sent in the place of the one that it corrects'
FROM (
    SELECT events.event_id AS receipt, {least_instead} AS event_id
    FROM staged_events AS staged JOIN events ON events.event_id = staged.receipt
    WHERE staged.fate IS NULL
) AS taken
WHERE staged_events.fate IS NULL AND taken.receipt = staged_events.receipt AND taken.event_id IS NOT NULL

-- name: mark_corrected_late
-- An update in the place of one that came to nothing, where a later one of the same reward was accepted meanwhile: it
-- would set the reward back to what somebody meant before. Nothing else says that it is older, so a person does.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = standing.event_id,
    reason = 'a later change of the same reward was accepted since the one that it corrects'
FROM (
    SELECT staged.ordinal, min(later.event_id) AS event_id
    FROM staged_events AS staged
    JOIN events AS corrected ON corrected.event_id = staged.receipt AND corrected.lane = staged.lane
    JOIN events AS later ON later.lane = corrected.lane AND later.event_id <> corrected.event_id
        AND later.reward_version IS NOT NULL AND later.state <> 'refused'
        AND (later.order_at, later.file_id, later.ordinal) > (corrected.order_at, corrected.file_id, corrected.ordinal)
    WHERE staged.fate IS NULL AND staged.reward_id IS NOT NULL GROUP BY staged.ordinal
) AS standing
WHERE staged_events.fate IS NULL AND standing.ordinal = staged_events.ordinal

-- name: mark_undated_held
-- Nobody can tell whether an equal undated row of another file is the same event.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = (
        SELECT min(events.event_id) FROM events
        WHERE NOT events.is_dated AND events.content_key = staged_events.content_key
    ),
    reason = 'no date, and another file has an equal row without one'
WHERE fate IS NULL AND NOT is_dated AND reward_id IS NULL
AND EXISTS (SELECT 1 FROM events WHERE NOT events.is_dated AND events.content_key = staged_events.content_key)

-- name: mark_repeated_updates
-- An update that repeats what was last accepted for its reward sets nothing new. Only the last one counts: values from
-- before it would set the reward back.
UPDATE staged_events SET
    fate = 'duplicate',
    known_event_id = (
        SELECT events.event_id FROM events
        WHERE events.lane = staged_events.lane AND events.reward_version IS NOT NULL
        ORDER BY events.reward_version DESC LIMIT 1
    ),
    reason = 'the values last accepted'
WHERE fate IS NULL AND reward_id IS NOT NULL AND content_key = (
    SELECT events.content_key FROM events
    WHERE events.lane = staged_events.lane AND events.reward_version IS NOT NULL
    ORDER BY events.reward_version DESC LIMIT 1
)

-- name: mark_updates_held_before
-- The same values again, while a person has not decided about them yet: one question is enough.
UPDATE staged_events SET
    fate = 'duplicate',
    known_event_id = (
        SELECT min(events.event_id) FROM events
        WHERE events.state = 'held' AND NOT events.is_dated AND events.content_key = staged_events.content_key
    ),
    reason = 'the same values are held already'
WHERE fate IS NULL AND reward_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM events
    WHERE events.state = 'held' AND NOT events.is_dated AND events.content_key = staged_events.content_key
)

-- name: mark_repeated_in_file
-- Equal updates set nothing new: all but the first that is left are duplicates of it, whatever becomes of that one.
UPDATE staged_events SET fate = 'duplicate', known_event_id = first_rows.event_id,
    reason = 'an equal row stands further up in the file'
FROM (
    SELECT event_id, content_key, ordinal,
        row_number() OVER (PARTITION BY content_key ORDER BY ordinal) AS place
    FROM staged_events WHERE fate IS NULL AND reward_id IS NOT NULL
) AS first_rows
WHERE first_rows.place = 1 AND first_rows.content_key = staged_events.content_key
AND staged_events.ordinal > first_rows.ordinal AND staged_events.fate IS NULL

-- name: mark_stale_updates
-- Values that were accepted once and replaced since: a stale export, or a wish to go back? Only a person knows.
UPDATE staged_events SET
    fate = 'held',
    known_event_id = (
        SELECT min(events.event_id) FROM events
        WHERE events.reward_version IS NOT NULL AND NOT events.is_dated
        AND events.content_key = staged_events.content_key
    ),
    reason = 'these values were replaced since'
WHERE fate IS NULL AND reward_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM events
    WHERE events.reward_version IS NOT NULL AND NOT events.is_dated
    AND events.content_key = staged_events.content_key
)

-- name: mark_discarded_updates
-- Values that a person has ruled out are no new event, as an equal dated row is none. Where other values were accepted
-- since, nobody can tell whether they are meant after all. What was dropped with its plan is ruled out by nobody.
UPDATE staged_events SET
    fate = CASE WHEN ruled_out.is_last = 1 THEN 'duplicate' ELSE 'held' END,
    known_event_id = ruled_out.event_id,
    reason = CASE
        WHEN ruled_out.is_last = 1 THEN 'a person discarded these values'
        ELSE 'a person discarded these values once'
    END
FROM (
    SELECT discarded.content_key, max(discarded.event_id) AS event_id, max(CASE WHEN EXISTS (
        SELECT 1 FROM events AS later WHERE later.lane = discarded.lane AND later.reward_version IS NOT NULL
        AND (later.file_id, later.ordinal) > (discarded.file_id, discarded.ordinal)
    ) THEN 0 ELSE 1 END) AS is_last
    FROM events AS discarded
    WHERE discarded.state = 'discarded' AND NOT discarded.is_dated AND discarded.reward_id IS NOT NULL
    AND (discarded.state_run_id IS NULL OR discarded.state_run_id <> discarded.run_id)
    AND discarded.content_key IN (SELECT content_key FROM staged_events WHERE fate IS NULL AND reward_id IS NOT NULL)
    GROUP BY discarded.content_key
) AS ruled_out
WHERE staged_events.fate IS NULL AND staged_events.reward_id IS NOT NULL
AND ruled_out.content_key = staged_events.content_key

-- name: refused_and_known
-- Grain: one row per refused event that the file brings again, or that a row of it may be, with what the service said.
SELECT event_id, state_at, state_reason FROM events
WHERE state = 'refused' AND event_id IN (SELECT known_event_id FROM staged_events WHERE known_event_id IS NOT NULL)

-- name: mark_refused_before
-- Whoever sends a refused row again should read why nothing comes of it, and what lets it be tried again. Given: a JSON
-- object of the words by event id.
UPDATE staged_events SET reason = staged_events.reason || '; ' || given.words
FROM (SELECT key AS event_id, value ->> 'words' AS words FROM json_each(:given)) AS given
WHERE staged_events.known_event_id = given.event_id AND staged_events.fate IN ('duplicate', 'held')

-- name: insert_corrections
-- A row that bears the receipt of what was refused or discarded, beside other values, is a further event in its place.
INSERT INTO corrections (event_id, corrected_event_id)
SELECT event_id, receipt FROM staged_events
WHERE receipt IS NOT NULL AND receipt <> event_id AND (fate IS NULL OR fate = 'held')

-- name: count_fates
-- Grain: one row per fate. A row that nothing spoke against is accepted.
SELECT coalesce(fate, 'accepted') AS fate, count(*) AS rows_count FROM staged_events GROUP BY coalesce(fate, 'accepted')

-- name: totals_by_fate
-- Grain: one row per fate, kind and site.
SELECT coalesce(fate, 'accepted') AS fate, kind, site_id, count(*) AS row_count,
    coalesce(sum(points / 1000000000), 0) AS points_billions, coalesce(sum(points % 1000000000), 0) AS points_rest
FROM staged_events GROUP BY coalesce(fate, 'accepted'), kind, site_id ORDER BY fate, kind, site_id

-- name: amounts_by_fate
-- Grain: one row per reward update that sets an amount: exact decimals kept as text, so they are summed outside.
SELECT coalesce(fate, 'accepted') AS fate, kind, site_id, amount FROM staged_events WHERE amount IS NOT NULL

-- name: sheet_totals_of_run
-- Grain: one row per file of the run, fate, kind and site.
SELECT sheet_totals.* FROM sheet_totals JOIN files ON files.file_id = sheet_totals.file_id
WHERE files.run_id = :run_id ORDER BY sheet_totals.file_id, fate, kind, site_id

-- name: insert_client_events
-- What nothing spoke against is ready, the rest waits for a person. An event without a time happens as it is
-- registered, by the service's clock where that one is behind.
INSERT INTO events (
    event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points, source, source_id,
    action_at, action_fraction, is_dated, file_id, ordinal, sheet, row_number, fingerprint, run_id, registered_at,
    order_at, first_state, state, state_at, state_run_id, state_reason, held_for
)
SELECT
    event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points, source, source_id,
    coalesce(action_at, :pinned_at), action_fraction, is_dated, :file_id, ordinal, sheet, row_number, fingerprint,
    :run_id, :registered_at, coalesce(order_at, action_at, :pinned_at), coalesce(fate, 'ready'),
    coalesce(fate, 'ready'), :registered_at, :run_id, reason, held_for
FROM staged_events WHERE (fate IS NULL OR fate = 'held') AND reward_id IS NULL

-- name: keep_staff
-- Whom the rows of new events name, where a column does; kept for totals, never sent.
INSERT INTO event_staff (event_id, staff)
SELECT event_id, staff FROM staged_events WHERE (fate IS NULL OR fate = 'held') AND staff IS NOT NULL

-- name: insert_reward_updates
-- An update goes after all that were accepted for its reward before, also where another machine's clock was ahead;
-- where the times are equal the file that was registered later goes last.
INSERT INTO events (
    event_id, kind, target, site_id, lane, content_key, occurrence, is_dated, reward_id, payout_id, amount,
    eligibility_on, description, reward_version, file_id, ordinal, sheet, row_number, fingerprint, run_id,
    registered_at, order_at, first_state, state, state_at, state_run_id, state_reason, held_for
)
SELECT
    staged.event_id, staged.kind, staged.target, staged.site_id, staged.lane, staged.content_key, staged.occurrence,
    staged.is_dated, staged.reward_id, staged.payout_id, staged.amount, staged.eligibility_on, staged.description,
    CASE WHEN staged.fate IS NULL THEN coalesce(latest.reward_version, 0) + 1 END,
    :file_id, staged.ordinal, staged.sheet, staged.row_number, staged.fingerprint, :run_id, :registered_at,
    CASE WHEN latest.order_at > :now THEN latest.order_at ELSE :now END,
    coalesce(staged.fate, 'ready'), coalesce(staged.fate, 'ready'), :registered_at, :run_id, staged.reason,
    staged.held_for
FROM staged_events AS staged
LEFT JOIN events AS latest ON latest.lane = staged.lane AND latest.reward_version = (
    SELECT max(known.reward_version) FROM events AS known WHERE known.lane = staged.lane
)
WHERE (staged.fate IS NULL OR staged.fate = 'held') AND staged.reward_id IS NOT NULL

-- name: insert_duplicates
-- Every row has its trace: a known one points to the event that it brought again.
INSERT INTO duplicates (file_id, ordinal, sheet, row_number, event_id, reason, by_receipt)
SELECT :file_id, ordinal, sheet, row_number, known_event_id, reason, coalesce(by_receipt, false)
FROM staged_events WHERE fate = 'duplicate'

-- name: receipt_mismatches
-- Grain: one row per row rejected for its receipt, to be worded beside the rejections of the check.
SELECT sheet, row_number, receipt, reason FROM staged_events WHERE fate = 'rejected' ORDER BY ordinal
