-- name: read-terms
-- The members of a range of terms, block by block.
SELECT t.term, t.block, t.members
FROM listing_term AS t
WHERE t.term >= :from AND t.term < :to
ORDER BY t.term, t.block        --? ascending
ORDER BY t.term DESC, t.block   --? descending
LIMIT :rows

-- name: text-key
-- A key that is equal for cities, and for types, that differ only in case and accents.
SELECT LEFT(MD5(WEIGHT_STRING(RTRIM(:text) COLLATE utf8mb4_unicode_520_ci)), 16) AS textKey

-- name: add-terms
-- Adds a property to its block, for each of the terms. {rows} are `(:term1, :block, :pair)`, and so on.
INSERT INTO listing_term (term, block, members)
VALUES {rows}
ON DUPLICATE KEY UPDATE members = IF(
  LENGTH(members) = 513,
  INSERT(members, :byte, 1, CHAR(ORD(SUBSTRING(members, :byte, 1)) | :bit)),
  IF(INSTR(members, :pair) > 0, members, CONCAT(members, :pair))
)

-- name: remove-terms
-- Removes a property from its block, for each of the terms.
UPDATE listing_term FORCE INDEX (PRIMARY)
SET members = IF(
  LENGTH(members) = 513,
  INSERT(members, :byte, 1, CHAR(ORD(SUBSTRING(members, :byte, 1)) & :keep)),
  REPLACE(members, :pair, '')
)
WHERE block = :block AND term IN ({terms})

-- name: drop-terms
-- Deletes those of a block's terms that have no property left: an empty list, or a bitmap without a bit.
DELETE t FROM listing_term AS t FORCE INDEX (PRIMARY)
WHERE t.block = :block AND t.term IN ({terms}) AND t.members IN ('', REPEAT(CHAR(0), 513))

-- name: terms-of-member
-- The terms that a property has in its block.
SELECT t.term
FROM listing_term AS t FORCE INDEX (listing_term_block)
WHERE t.block = :block
  AND IF(LENGTH(t.members) = 513, ORD(SUBSTRING(t.members, :byte, 1)) & :bit, INSTR(t.members, :pair)) > 0

-- name: lock-block
-- Locks a block of the index until the transaction ends, whose listings have another version then. A new block has no other listings: it
-- is ready.
INSERT INTO listing_block (block, ready) VALUES (:block, 1)
ON DUPLICATE KEY UPDATE version = version + 1

-- name: block-ready
-- Whether a block is indexed; locks its row.
SELECT b.ready FROM listing_block AS b WHERE b.block = :block FOR UPDATE

-- name: unready-blocks
-- The blocks that still have to be indexed.
SELECT b.block FROM listing_block AS b WHERE b.ready = 0 ORDER BY b.block LIMIT :rows

-- name: take-block
-- A block that still has to be indexed; locks it until the transaction ends.
SELECT b.block FROM listing_block AS b WHERE b.ready = 0 ORDER BY b.block LIMIT 1 FOR UPDATE

-- name: read-block
-- What the index has of some properties, by id.
SELECT l.property_id AS id, l.status_id AS statusId, l.status_date AS latestDate, l.price, l.year, p.address, p.description,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey,
  l.rooms, l.area, LEFT(MD5(WEIGHT_STRING(RTRIM(l.type))), 16) AS typeKey, l.first_seen AS firstSeen
FROM listing AS l
STRAIGHT_JOIN property AS p ON p.id = l.property_id
WHERE l.property_id >= :first AND l.property_id < :end
ORDER BY l.property_id
LIMIT :rows

-- name: clear-block
-- Deletes all terms of a block.
DELETE t FROM listing_term AS t FORCE INDEX (listing_term_block) WHERE t.block = :block

-- name: fill-block
-- Inserts terms of a block that has none. {rows} are `(:term1, :block, :members1)`, and so on; a row may occur twice, which changes
-- nothing.
INSERT INTO listing_term (term, block, members)
VALUES {rows}
ON DUPLICATE KEY UPDATE block = :block

-- name: block-done
-- Marks a block as indexed.
UPDATE listing_block SET ready = 1 WHERE block = :block

-- name: lock-index
-- A lock of the connection that lets one process at a time index blocks: two would deadlock where their blocks meet.
SELECT GET_LOCK(CONCAT('quintet_properties_', DATABASE()), 0) AS got

-- name: unlock-index
-- Releases `lock-index`.
SELECT RELEASE_LOCK(CONCAT('quintet_properties_', DATABASE())) AS released
