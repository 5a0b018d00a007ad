-- name: listing-columns
-- The columns of the table that listings are made of. What has to be a number is left out if it is a text.
SELECT c.COLUMN_NAME AS name
FROM information_schema.COLUMNS AS c
WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = 'property'
  AND (
    c.COLUMN_NAME NOT IN ('rooms', 'area', 'lat', 'lon')
    OR c.DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double')
  )

-- name: current
-- The statuses by name; and in one more row how many changes wait to be applied, :most at most, and whether all listings are made.
SELECT s.id, LOWER(TRIM(s.name)) AS name, NULL AS waiting, NULL AS complete FROM status AS s
UNION ALL
SELECT NULL, NULL, (SELECT COUNT(*) FROM (SELECT c.seq FROM listing_change AS c WHERE c.seq > 0 LIMIT :most) AS some), b.complete
FROM listing_build AS b
WHERE b.id = 1

-- name: add-change
-- Notes that the listing of a property has to be made again.
INSERT INTO listing_change (property_id) VALUES (:id)

-- name: add-changes
-- The same for several properties. {rows} are `(:id1)`, and so on.
INSERT INTO listing_change (property_id) VALUES {rows}

-- name: changes
-- The listings that have to be made again, in the order in which their properties were written.
SELECT c.seq, c.property_id AS id FROM listing_change AS c WHERE c.seq > :after ORDER BY c.seq LIMIT :rows

-- name: changes-left
-- Those of some changes that nobody has dealt with meanwhile.
SELECT c.seq, c.property_id AS id FROM listing_change AS c FORCE INDEX (PRIMARY) WHERE c.seq IN ({seqs})

-- name: remove-changes
-- Removes changes that were dealt with.
DELETE c FROM listing_change AS c FORCE INDEX (PRIMARY) WHERE c.seq IN ({seqs})

-- name: source-rows
-- What the listing of a property is made of: one that is withdrawn has no status. The latest entry of the history has the greatest date and among equal dates the greatest
-- id; an entry without a date is older than any other. What a column of `listing` cannot hold is null: ids that are no INT or BIGINT,
-- prices of more than 15 digits, dates that no calendar has. So that indexes sort what is null after all else in ascending order,
-- no price is 10^15 there, and no year 32,767; no date is the first one. `seen_at` is when a listing that is new became visible: now if it
-- is, or for what was there before it was noticed (:dated is 1) the date of its first visible status.
SELECT p.id AS property_id,
  CASE WHEN w.property_id IS NULL AND h.status_id BETWEEN -2147483648 AND 2147483647 THEN h.status_id END AS status_id,
  COALESCE(CAST(h.dated AS DATETIME(3)), CAST('1000-01-01' AS DATETIME(3))) AS status_date,
  CASE WHEN h.id BETWEEN -9223372036854775808 AND 9223372036854775807 THEN h.id END AS history_id,
  LEFT(CONVERT(p.city USING utf8mb4), 255) AS city,
  CASE
    WHEN p.price BETWEEN -999999999999999 AND 999999999999999 THEN CAST(p.price AS DECIMAL(20, 4))
    ELSE 1000000000000000
  END AS price,
  CASE WHEN p.year BETWEEN -32768 AND 32766 THEN p.year ELSE 32767 END AS year,
  CASE WHEN p.rooms BETWEEN -32768 AND 32767 THEN p.rooms END AS rooms,             --? rooms
  NULL AS rooms,                                                                    --? noRooms
  CASE WHEN p.area BETWEEN -9999999999 AND 9999999999 THEN CAST(p.area AS DECIMAL(12, 2)) END AS area,   --? area
  NULL AS area,                                                                     --? noArea
  LEFT(CONVERT(p.type USING utf8mb4), 80) AS type,                                  --? type
  NULL AS type,                                                                     --? noType
  UNHEX(MD5(CONCAT(COALESCE(MD5(p.address), ''), '.', COALESCE(MD5(p.description), '')))) AS text_key,
  CASE
    WHEN :dated = 1 THEN LEAST(h.first_visible, UTC_TIMESTAMP(3))
    WHEN w.property_id IS NULL AND h.is_visible = 1 THEN UTC_TIMESTAMP(3)
  END AS seen_at
FROM property AS p
LEFT JOIN (
  SELECT h.id, h.property_id, h.status_id, h.dated, h.is_visible,
    MIN(CASE WHEN h.is_visible = 1 THEN COALESCE(CAST(h.dated AS DATETIME(3)), CAST('1000-01-01' AS DATETIME(3))) END)
      OVER (PARTITION BY h.property_id) AS first_visible,
    ROW_NUMBER() OVER (PARTITION BY h.property_id ORDER BY h.dated DESC, h.id DESC) AS place
  FROM (
    SELECT h.id, h.property_id, h.status_id,
      CASE WHEN MONTH(h.update_date) > 0 AND DAYOFMONTH(h.update_date) > 0 THEN h.update_date END AS dated,
      h.status_id IN (SELECT s.id FROM status AS s WHERE LOWER(TRIM(s.name)) IN ('pre_venta', 'en_venta', 'vendido')) AS is_visible
    FROM status_history AS h
    WHERE h.property_id IN ({ids})                           --? ids
    WHERE h.property_id >= :first AND h.property_id < :end   --? block
  ) AS h
) AS h ON h.property_id = p.id AND h.place = 1
LEFT JOIN listing_state AS w ON w.property_id = p.id
WHERE p.id IN ({ids})                  --? ids
WHERE p.id >= :first AND p.id < :end   --? block

-- name: copy-listings
-- Makes listings, or makes them again; when one became visible first stays. {rows} is `source-rows`.
INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year, rooms, area, type, text_key, first_seen)
SELECT n.property_id, n.status_id, n.status_date, n.history_id, n.city, n.price, n.year, n.rooms, n.area, n.type, n.text_key, n.seen_at
FROM ({rows}) AS n
ON DUPLICATE KEY UPDATE
  status_id = n.status_id, status_date = n.status_date, history_id = n.history_id, city = n.city, price = n.price,
  year = n.year, rooms = n.rooms, area = n.area, type = n.type, text_key = n.text_key,
  first_seen = COALESCE(listing.first_seen, n.seen_at)

-- name: drop-listings
-- Removes listings whose properties are gone.
DELETE l FROM listing AS l FORCE INDEX (PRIMARY) WHERE l.property_id IN ({ids})

-- name: existing
-- Those of some properties that exist.
SELECT p.id FROM property AS p WHERE p.id IN ({ids})

-- name: indexed-fields
-- What the term index has of some listings, other than their words.
SELECT l.property_id AS id, l.status_id AS statusId, l.status_date AS latestDate, l.price, l.year, HEX(l.text_key) AS textKey,
  LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey,
  l.rooms, l.area, LEFT(MD5(WEIGHT_STRING(RTRIM(l.type))), 16) AS typeKey, l.first_seen AS firstSeen,
  g.lat, g.lon
FROM listing AS l FORCE INDEX (PRIMARY)
LEFT JOIN listing_place AS g ON g.property_id = l.property_id
WHERE l.property_id IN ({ids})

-- name: texts
-- The texts of some properties.
SELECT p.id, p.address, p.description FROM property AS p WHERE p.id IN ({ids})

-- name: lock-build
-- How far the listings have been made; only one process at a time makes them.
SELECT b.next_id AS nextId, b.complete, b.total FROM listing_build AS b WHERE b.id = 1 FOR UPDATE

-- name: build-progress
-- How far the listings have been made. It reads none of the tables that they follow: somebody may hold those.
SELECT b.complete, b.made, b.total FROM listing_build AS b WHERE b.id = 1

-- name: count-block
-- The number of listings in a block.
SELECT COUNT(*) AS count FROM listing AS l WHERE l.property_id >= :first AND l.property_id < :end

-- name: next-property
-- The first property from an id on.
SELECT MIN(p.id) AS id FROM property AS p WHERE p.id >= :from

-- name: built-until
-- Notes how far the listings have been made: :made more, of :total properties.
UPDATE listing_build SET next_id = :nextId, complete = :complete, made = made + :made, total = :total WHERE id = 1

-- name: unready-block
-- Has a block indexed in the background.
INSERT INTO listing_block (block, ready) VALUES (:block, 0) ON DUPLICATE KEY UPDATE ready = 0

-- name: count-properties
-- The number of properties, :most at most.
SELECT COUNT(*) AS count FROM (SELECT p.id FROM property AS p LIMIT :most) AS some

-- name: count-all
-- The number of properties.
SELECT COUNT(*) AS count FROM property AS p

-- name: statuses
-- The statuses by name.
SELECT s.id, LOWER(TRIM(s.name)) AS name FROM status AS s

-- name: followed
-- How many changes wait to be applied, :most at most, and how many blocks to be indexed.
SELECT (SELECT COUNT(*) FROM (SELECT c.seq FROM listing_change AS c WHERE c.seq > 0 LIMIT :most) AS some) AS waiting,
  (SELECT COUNT(*) FROM listing_block AS b WHERE b.ready = 0) AS unready
