-- The visible properties that an account likes, the newest like first.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status, page.date_liked AS likedAt
FROM (
  SELECT k.id_property, k.date_liked, l.status_id
  FROM liked_properties AS k
  INNER JOIN listing AS l ON l.property_id = k.id_property
  WHERE k.id_user = :account
    AND l.status_id IN (:status1, :status2, :status3)
    AND (k.date_liked < :afterDate OR (k.date_liked = :afterDate AND k.id_property < :afterId))   --? after
  ORDER BY k.date_liked DESC, k.id_property DESC
  LIMIT :rows
) AS page
INNER JOIN property AS p ON p.id = page.id_property
INNER JOIN status AS s ON s.id = page.status_id
ORDER BY page.date_liked DESC, page.id_property DESC
