-- Those of some listings that a search may show, and by what they are sorted.
SELECT l.property_id AS id,
  l.property_id AS sortKey   --? id
  l.price AS sortKey         --? price
  l.year AS sortKey          --? year
  l.status_date AS sortKey   --? date
FROM listing AS l FORCE INDEX (PRIMARY)
WHERE l.property_id IN ({ids})
  AND l.status_id IN (:status1, :status2, :status3)
  {filters}
  {after}
