-- All blocks are to be indexed anew.
INSERT INTO listing_block (block, ready)
SELECT DISTINCT l.property_id DIV 4096, 0 FROM listing AS l
ON DUPLICATE KEY UPDATE ready = 0
