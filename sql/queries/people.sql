-- name: people
-- Grain: one row per person who has not left, and role of theirs at a site; without any, site and role are null.
SELECT users.user_id, users.name, users.added_at, users.password_hash, user_roles.site_id, user_roles.role
FROM users LEFT JOIN user_roles ON user_roles.user_id = users.user_id
WHERE users.removed_at IS NULL ORDER BY users.name_key, user_roles.site_id, user_roles.role

-- name: person_named
-- Grain: one row, or none: whoever has not left and is called so.
SELECT user_id, name, password_hash FROM users WHERE name_key = :name_key AND removed_at IS NULL

-- name: person_ever_named
-- Grain: one row, or none: whoever is called so, or was before they left.
SELECT user_id, name, removed_at FROM users WHERE name_key = :name_key

-- name: roles_of_person
-- Grain: one row per role and site.
SELECT site_id, role FROM user_roles WHERE user_id = :user_id

-- name: administrators_count
-- Grain: one number: who can sign in, has not left, and may say who else may.
SELECT count(DISTINCT users.user_id) FROM users JOIN user_roles ON user_roles.user_id = users.user_id
WHERE users.removed_at IS NULL AND users.password_hash IS NOT NULL
    AND user_roles.role = 'administrator' AND user_roles.site_id = ''

-- name: open_invitation
-- Grain: one row, or none: a link that is still good. user_id and name are null for the first administrator's.
SELECT invitations.user_id, users.name
FROM invitations LEFT JOIN users ON users.user_id = invitations.user_id
WHERE invitations.token_digest = :token_digest AND invitations.used_at IS NULL AND invitations.until_at > :now
    AND users.removed_at IS NULL

-- name: use_invitation
-- One row where the link was still good: of two who use it at once one alone gets in.
UPDATE invitations SET used_at = :now
WHERE token_digest = :token_digest AND used_at IS NULL AND until_at > :now

-- name: end_invitations
-- Links of a person that were not used are good no more.
UPDATE invitations SET until_at = :now WHERE user_id = :user_id AND used_at IS NULL AND until_at > :now

-- name: end_first_invitations
-- So are those for the first administrator.
UPDATE invitations SET until_at = :now WHERE user_id IS NULL AND used_at IS NULL AND until_at > :now

-- name: open_session
-- Grain: one row, or none: a session that has not ended, of somebody who has not left.
SELECT sessions.user_id, sessions.form_token, sessions.seen_at, users.name
FROM sessions JOIN users ON users.user_id = sessions.user_id
WHERE sessions.token_digest = :token_digest AND sessions.ended_at IS NULL AND sessions.until_at > :now
    AND sessions.seen_at > :seen_after_at AND users.removed_at IS NULL

-- name: see_session
UPDATE sessions SET seen_at = :now WHERE token_digest = :token_digest

-- name: end_session
UPDATE sessions SET ended_at = :now WHERE token_digest = :token_digest AND ended_at IS NULL

-- name: end_sessions_of
UPDATE sessions SET ended_at = :now WHERE user_id = :user_id AND ended_at IS NULL

-- name: drop_old_sessions
-- What ended long ago says nothing that anybody asks for.
DELETE FROM sessions WHERE until_at < :before_at

-- name: drop_old_sign_in_failures
DELETE FROM sign_in_failures WHERE failed_at < :before_at

-- name: sign_in_failures_of_name
-- Grain: one row: how often it was tried since, and when last, by strangers: from no browser that its person knows.
SELECT count(*) AS failures_count, max(failed_at) AS last_at FROM sign_in_failures
WHERE name_digest = :name_digest AND failed_at > :since_at AND is_known_browser IS NOT TRUE

-- name: sign_in_failures_of_name_from
-- Grain: one row: how often it was tried since from this address or browser, and when last.
SELECT count(*) AS failures_count, max(failed_at) AS last_at FROM sign_in_failures
WHERE name_digest = :name_digest AND failed_at > :since_at AND address = :address

-- name: sign_in_failures_from_address
-- Grain: one row: how often it was tried since, and when last.
SELECT count(*) AS failures_count, max(failed_at) AS last_at FROM sign_in_failures
WHERE address = :address AND failed_at > :since_at AND is_known_browser IS NOT TRUE

-- name: forget_sign_in_failures
DELETE FROM sign_in_failures WHERE name_digest = :name_digest AND address = :address
