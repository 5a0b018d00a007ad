-- Some terms of a block. {rows} are `(:term1, :block, :members1)`, and so on; a row may come twice.
INSERT INTO listing_term (term, block, members)
VALUES {rows}
ON DUPLICATE KEY UPDATE members = VALUES(members)
