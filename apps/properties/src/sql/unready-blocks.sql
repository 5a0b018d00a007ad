-- The blocks that are still to be indexed.
SELECT b.block FROM listing_block AS b WHERE b.ready = 0 ORDER BY b.block LIMIT :rows
