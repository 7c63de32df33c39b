-- part: family
-- All that ever corrected each other, the event of the query that names this among it: of a family one thing stands.
-- `family.event_id` gives each of them; `events` is that of the query around.
WITH RECURSIVE family (event_id) AS (
    SELECT events.event_id
    UNION
    SELECT CASE WHEN corrections.event_id = family.event_id THEN corrections.corrected_event_id
        ELSE corrections.event_id END
    FROM family JOIN corrections
        ON corrections.event_id = family.event_id OR corrections.corrected_event_id = family.event_id
)

-- part: stands_instead
-- The state of what stands in the place of the event of the query that names this, null where nothing does.
(
    {family}
    SELECT max(instead.state) FROM family JOIN events AS instead ON instead.event_id = family.event_id
    WHERE instead.state NOT IN ('refused', 'discarded')
)

-- part: least_instead
-- The first by id of what stands in the place of the event of the query that names this, null where nothing does. It is
-- asked for by `min`: to order it, PostgreSQL would walk through all events in that order until one is of the family.
(
    {family}
    SELECT min(family.event_id) FROM family JOIN events AS instead ON instead.event_id = family.event_id
    WHERE instead.state NOT IN ('refused', 'discarded')
)
