-- name: binding_in_force
-- The last word on which address the service has; earlier ones stay for the record.
SELECT address, bound_at, bound_by, reason FROM service_bindings
WHERE target = :target ORDER BY binding_id DESC LIMIT 1

-- name: claimed_for_target
-- Whether an event of the service was ever claimed. Asked only where its address has changed, so it may take a while.
SELECT 1 FROM attempts JOIN events ON events.event_id = attempts.event_id WHERE events.target = :target LIMIT 1
