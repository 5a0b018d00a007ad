-- The next likes of an account, the newest first, with their properties where those are visible.
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
