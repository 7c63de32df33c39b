-- name: keep_site
-- A later decision takes the place of an earlier one.
INSERT INTO kept_sites (site_id, decision_id) VALUES (:site_id, :decision_id)
ON CONFLICT (site_id) DO UPDATE SET decision_id = :decision_id

-- name: kept_sites
-- Grain: one row per site whose work a person keeps ('' is Referral Rock, which has no sites), with who said so and what there is of it.
SELECT kept_sites.site_id, event_decisions.actor, event_decisions.at, event_decisions.reason,
    count(events.event_id) AS events_count, coalesce(sum(events.points / 1000000000), 0) AS points_billions,
    coalesce(sum(events.points % 1000000000), 0) AS points_rest
FROM kept_sites
JOIN event_decisions ON event_decisions.decision_id = kept_sites.decision_id
LEFT JOIN events ON events.site_id = kept_sites.site_id
    AND events.state IN ('held', 'ready')
GROUP BY kept_sites.site_id, event_decisions.actor, event_decisions.at, event_decisions.reason
ORDER BY kept_sites.site_id

-- name: take_up_site
-- The site is back: its work goes on. Who had kept it stands among the decisions.
DELETE FROM kept_sites WHERE site_id = :site_id
