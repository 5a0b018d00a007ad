-- name: is-visible
-- Whether a property exists and is visible.
SELECT l.property_id AS id
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN ({statuses})

-- name: lock-likes
-- Locks the number of likes of a property until the transaction ends, and creates it.
INSERT INTO like_count (property_id, likes) VALUES (:id, 0)
ON DUPLICATE KEY UPDATE likes = likes

-- name: like
-- Adds a like, unless it is there; affects no row either when the property does not exist or is not visible.
INSERT INTO liked_properties (id_user, id_property, date_liked)
SELECT :account, l.property_id, UTC_TIMESTAMP(3)
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN ({statuses})
  AND NOT EXISTS (SELECT 1 FROM liked_properties AS k WHERE k.id_user = :account AND k.id_property = :id)

-- name: unlike
-- Removes a like.
DELETE FROM liked_properties WHERE id_user = :account AND id_property = :id

-- name: change-likes
-- Changes the number of likes of a property.
UPDATE like_count SET likes = likes + :change WHERE property_id = :id

-- name: has-like
-- Whether an account likes a property.
SELECT k.id_property AS id FROM liked_properties AS k WHERE k.id_user = :account AND k.id_property = :id LIMIT 1

-- name: count-likes
-- The number of likes of a visible property; no row when it does not exist or is not visible.
SELECT (SELECT COUNT(DISTINCT k.id_user) FROM liked_properties AS k WHERE k.id_property = l.property_id) AS count
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN ({statuses})

-- name: likes-of
-- How many accounts like each of some properties, and whether an account is one of them; no row for one that nobody likes.
SELECT k.property_id AS id, k.likes,
  EXISTS (SELECT 1 FROM liked_properties AS o WHERE o.id_user = :account AND o.id_property = k.property_id) AS liked
FROM like_count AS k
WHERE k.property_id IN ({ids}) AND k.likes > 0

-- name: liked
-- The next likes of an account, most recent first, with their properties where those are visible.
SELECT k.id_property AS likedId, k.date_liked AS likedAt,
  p.id, p.address, p.city, p.price, p.description, p.year, {optional} LOWER(TRIM(s.name)) AS status
FROM (
  SELECT k.id_property, k.date_liked
  FROM liked_properties AS k
  WHERE k.id_user = :account
    AND (k.date_liked < :afterDate OR (k.date_liked = :afterDate AND k.id_property < :afterId))   --? after
  ORDER BY k.date_liked DESC, k.id_property DESC
  LIMIT :rows
) AS k
LEFT JOIN listing AS l ON l.property_id = k.id_property AND l.status_id IN ({statuses})
LEFT JOIN property AS p ON p.id = l.property_id
LEFT JOIN status AS s ON s.id = l.status_id
ORDER BY k.date_liked DESC, k.id_property DESC

-- name: most-liked
-- The next properties that anybody likes, the most liked first, with their fields where they are visible.
SELECT k.property_id AS countedId,
  p.id, p.address, p.city, p.price, p.description, p.year, {optional} LOWER(TRIM(s.name)) AS status, k.likes
FROM (
  SELECT k.property_id, k.likes
  FROM like_count AS k FORCE INDEX (like_count_order)
  WHERE k.likes > 0
    AND (k.likes < :afterLikes OR (k.likes = :afterLikes AND k.property_id < :afterId))   --? after
  ORDER BY k.likes DESC, k.property_id DESC
  LIMIT :rows
) AS k
LEFT JOIN listing AS l ON l.property_id = k.property_id AND l.status_id IN ({statuses})
LEFT JOIN property AS p ON p.id = l.property_id
LEFT JOIN status AS s ON s.id = l.status_id
ORDER BY k.likes DESC, k.property_id DESC

-- name: next-counted
-- The first property from an id on that has likes, or a number of them.
SELECT MIN(n.id) AS id
FROM (
  SELECT MIN(k.id_property) AS id FROM liked_properties AS k WHERE k.id_property >= :from
  UNION ALL
  SELECT MIN(c.property_id) FROM like_count AS c WHERE c.property_id >= :from
) AS n

-- name: wrong-counts
-- The properties of a range whose number of likes is not that of the likes that are there.
SELECT n.id
FROM (
  SELECT k.id_property AS id, COUNT(DISTINCT k.id_user) AS likes
  FROM liked_properties AS k
  WHERE k.id_property >= :first AND k.id_property < :end
  GROUP BY k.id_property
  UNION ALL
  SELECT c.property_id, -c.likes
  FROM like_count AS c FORCE INDEX (PRIMARY)
  WHERE c.property_id >= :first AND c.property_id < :end
) AS n
GROUP BY n.id
HAVING SUM(n.likes) <> 0

-- name: recount-likes
-- Counts the likes of a property again.
UPDATE like_count
SET likes = (SELECT COUNT(DISTINCT k.id_user) FROM liked_properties AS k WHERE k.id_property = :id)
WHERE property_id = :id
