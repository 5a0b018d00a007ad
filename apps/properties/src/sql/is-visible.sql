SELECT l.property_id AS id
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)
