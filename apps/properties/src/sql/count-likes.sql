-- Likes of a visible property; no row when it is unknown or not visible.
SELECT (SELECT COUNT(*) FROM liked_properties AS k WHERE k.id_property = l.property_id) AS count
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)
