-- A row that is always there, held until the transaction ends.
SELECT id FROM status WHERE id = 1 FOR UPDATE
