-- A block that is still to be indexed, held until the transaction ends.
SELECT b.block FROM listing_block AS b WHERE b.ready = 0 ORDER BY b.block LIMIT 1 FOR UPDATE
