-- Holds a block of the index for one writer until the transaction ends. A block that was not there has no other listings: it is ready.
INSERT INTO listing_block (block, ready) VALUES (:block, 1)
ON DUPLICATE KEY UPDATE ready = ready
