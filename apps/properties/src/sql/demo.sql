-- name: any-property
-- Whether there is any property.
SELECT EXISTS (SELECT 1 FROM property) AS found

-- name: lock-demo
-- Locks a row that always exists, until the transaction ends.
SELECT id FROM status WHERE id = 1 FOR UPDATE

-- name: insert-properties
-- Inserts several properties, which get consecutive ids. {rows} are `(:address1, :city1)`, and so on, for the {columns}.
INSERT INTO property ({columns})
VALUES {rows}

-- name: insert-statuses
-- Inserts entries of histories. {rows} are `(:id1, :statusId1, :updateDate1)`, and so on.
INSERT INTO status_history (property_id, status_id, update_date)
VALUES {rows}
