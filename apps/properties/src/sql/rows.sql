-- Those of some listings that a search may show, in the asked order.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status,
  l.property_id AS sortKey   --? id
  l.price AS sortKey         --? price
  l.year AS sortKey          --? year
  l.status_date AS sortKey   --? date
FROM listing AS l FORCE INDEX (PRIMARY)
INNER JOIN property AS p ON p.id = l.property_id
INNER JOIN status AS s ON s.id = l.status_id
WHERE l.property_id IN ({ids})
  AND l.status_id IN (:status1, :status2, :status3)
  {filters}
  {after}
ORDER BY sortKey, l.property_id             --? ascending
ORDER BY sortKey DESC, l.property_id DESC   --? descending
