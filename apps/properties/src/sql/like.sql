-- Adds a like, once; finds no row when the property is unknown or not visible.
INSERT INTO liked_properties (id_user, id_property, date_liked)
SELECT :account, l.property_id, UTC_TIMESTAMP(3)
FROM listing AS l
WHERE l.property_id = :id AND l.status_id IN (:status1, :status2, :status3)
ON DUPLICATE KEY UPDATE date_liked = liked_properties.date_liked
