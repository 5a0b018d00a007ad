-- name: any-property
-- Whether there is any property.
SELECT EXISTS (SELECT 1 FROM property) AS found

-- name: lock-demo
-- Locks a row that always exists, until the transaction ends.
SELECT id FROM status WHERE id = 1 FOR UPDATE
