-- name: is-visible
-- Whether a property exists and is visible.
SELECT l.property_id AS id
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)

-- name: like
-- Adds a like, once; affects no row when the property does not exist or is not visible.
INSERT INTO liked_properties (id_user, id_property, date_liked)
SELECT :account, l.property_id, UTC_TIMESTAMP(3)
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)
ON DUPLICATE KEY UPDATE date_liked = liked_properties.date_liked

-- name: unlike
-- Removes a like.
DELETE FROM liked_properties WHERE id_user = :account AND id_property = :id

-- name: count-likes
-- The number of likes of a visible property; no row when it does not exist or is not visible.
SELECT (SELECT COUNT(*) FROM liked_properties AS k WHERE k.id_property = l.property_id) AS count
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)

-- name: liked
-- The next likes of an account, most recent first, with their properties where those are visible.
SELECT k.id_property AS likedId, k.date_liked AS likedAt,
  p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status
FROM (
  SELECT k.id_property, k.date_liked
  FROM liked_properties AS k
  WHERE k.id_user = :account
    AND (k.date_liked < :afterDate OR (k.date_liked = :afterDate AND k.id_property < :afterId))   --? after
  ORDER BY k.date_liked DESC, k.id_property DESC
  LIMIT :rows
) AS k
LEFT JOIN listing AS l ON l.property_id = k.id_property AND l.status_id IN (:status1, :status2, :status3)
LEFT JOIN property AS p ON p.id = l.property_id
LEFT JOIN status AS s ON s.id = l.status_id
ORDER BY k.date_liked DESC, k.id_property DESC
