-- name: lock-owner
-- Lets one request at a time add a search of an account, until its transaction ends.
INSERT INTO saved_search_owner (account) VALUES (:account) ON DUPLICATE KEY UPDATE account = account

-- name: count-searches
SELECT COUNT(*) AS count FROM saved_search AS s WHERE s.account = :account

-- name: add-search
INSERT INTO saved_search (account, name, query, notify, looked_at, created_at)
VALUES (:account, :name, :query, :notify, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))

-- name: own-search
-- A saved search, if it is the account's.
SELECT s.id, s.name, s.query, s.notify, s.looked_at AS lookedAt, s.created_at AS createdAt
FROM saved_search AS s
WHERE s.id = :id AND s.account = :account

-- name: own-searches
-- The searches of an account, the latest first.
SELECT s.id, s.name, s.query, s.notify, s.looked_at AS lookedAt, s.created_at AS createdAt
FROM saved_search AS s
WHERE s.account = :account AND s.id < :before
ORDER BY s.id DESC
LIMIT :rows

-- name: change-search
-- Changes what is not null. Nobody has looked later than now.
UPDATE saved_search
SET name = COALESCE(:name, name), query = COALESCE(:query, query), notify = COALESCE(:notify, notify),
  looked_at = COALESCE(LEAST(:lookedAt, UTC_TIMESTAMP(3)), looked_at)
WHERE id = :id AND account = :account

-- name: drop-search
DELETE FROM saved_search WHERE id = :id AND account = :account

-- name: drop-open-digest
-- Drops what would be sent of a search.
DELETE FROM search_digest WHERE search_id = :id AND is_open = 1

-- name: time
-- The time by which listings become visible.
SELECT UTC_TIMESTAMP(3) AS now

-- name: newest-seen
-- The listings that became visible last, whatever their status.
SELECT l.property_id AS id
FROM listing AS l FORCE INDEX (by_first_seen)
WHERE l.first_seen >= :since
ORDER BY l.first_seen DESC, l.property_id DESC
LIMIT :rows

-- name: watched
-- What saved searches are matched with, of some listings.
SELECT l.property_id AS id, l.status_id AS statusId, l.price, l.year, l.rooms, l.area, l.first_seen AS firstSeen,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey, LEFT(MD5(WEIGHT_STRING(RTRIM(l.type))), 16) AS typeKey,
  g.lat, g.lon, p.address, p.description
FROM listing AS l FORCE INDEX (PRIMARY)
INNER JOIN property AS p ON p.id = l.property_id
LEFT JOIN listing_place AS g ON g.property_id = l.property_id
WHERE l.property_id IN ({ids})

-- name: any-notified
-- Whether any search has to be matched with changes.
SELECT EXISTS (SELECT 1 FROM saved_search AS s WHERE s.notify = 1) AS found

-- name: add-search-changes
-- Notes changes of listings. {rows} are `(:id1, :was1, :reworded1)`, and so on.
INSERT INTO search_change (property_id, was, reworded) VALUES {rows}

-- name: search-changes
-- The first changes.
SELECT c.seq, c.property_id AS id, c.was, c.reworded FROM search_change AS c ORDER BY c.seq LIMIT :rows

-- name: remove-search-changes
DELETE c FROM search_change AS c FORCE INDEX (PRIMARY) WHERE c.seq IN ({seqs})

-- name: discard-search-changes
-- Discards changes of which nothing is sent.
DELETE FROM search_change ORDER BY seq LIMIT 10000

-- name: notified-searches
SELECT s.id, s.query FROM saved_search AS s WHERE s.notify = 1 AND s.id > :after ORDER BY s.id LIMIT :rows

-- name: add-matches
-- Adds matches to the open digests of searches. {rows} are `SELECT :search1, :matches1, :ids1`, and so on. No more than some ids are kept.
INSERT INTO search_digest (search_id, is_open, matches, ids, created_at)
SELECT n.search_id, 1, n.matches, n.ids, UTC_TIMESTAMP(3)
FROM ({rows}) AS n
INNER JOIN saved_search AS s ON s.id = n.search_id AND s.notify = 1
ON DUPLICATE KEY UPDATE
  matches = search_digest.matches + n.matches,
  ids = IF(CHAR_LENGTH(search_digest.ids) < 1000, CONCAT(search_digest.ids, ',', n.ids), search_digest.ids)

-- name: due-digests
-- Open digests that may be sent: of each search one in :seconds. `searchId` is null when the search is gone, or shall not be notified.
SELECT d.id, s.id AS searchId
FROM search_digest AS d
LEFT JOIN saved_search AS s ON s.id = d.search_id AND s.notify = 1
WHERE d.is_open = 1 AND (s.notified_at IS NULL OR s.notified_at <= UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND)
ORDER BY d.id
LIMIT :rows

-- name: seal-digests
-- Puts digests into a batch.
UPDATE search_digest AS d
INNER JOIN saved_search AS s ON s.id = d.search_id
SET d.is_open = NULL, d.batch = :batch, d.name = s.name, d.account = s.account, s.notified_at = UTC_TIMESTAMP(3)
WHERE d.id IN ({ids}) AND d.is_open = 1

-- name: drop-digests
DELETE FROM search_digest WHERE id IN ({ids}) AND is_open = 1

-- name: sealed-digests
-- The digests of the first batch, and perhaps of others after it.
SELECT d.id, d.batch, d.search_id AS searchId, d.name, d.account, d.matches, d.ids, d.created_at AS createdAt
FROM search_digest AS d FORCE INDEX (search_digest_batch)
WHERE d.batch IS NOT NULL
ORDER BY d.batch, d.id
LIMIT :rows

-- name: sent-batch
DELETE FROM search_digest WHERE batch = :batch
