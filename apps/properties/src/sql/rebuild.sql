-- Run this file after rows were loaded into `property` and `status_history` by other means.

-- name: rebuild-listings
-- Rebuilds every listing from the properties and their histories, after rows were loaded into those by other means.
INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year, text_key, first_seen)
SELECT p.id, h.status_id, COALESCE(h.update_date, '1000-01-01'), h.id, p.city, COALESCE(p.price, 1000000000000000),
  COALESCE(p.year, 32767),
  UNHEX(MD5(CONCAT(COALESCE(MD5(p.address), ''), '.', COALESCE(MD5(p.description), '')))),
  h.first_visible
FROM property AS p
INNER JOIN (
  SELECT id, property_id, status_id, update_date,
    MIN(CASE
      WHEN status_id IN (SELECT id FROM status WHERE name IN ('pre_venta', 'en_venta', 'vendido'))
      THEN COALESCE(update_date, '1000-01-01')
    END) OVER (PARTITION BY property_id) AS first_visible,
    ROW_NUMBER() OVER (PARTITION BY property_id ORDER BY update_date DESC, id DESC) AS place
  FROM status_history
) AS h ON h.property_id = p.id AND h.place = 1
ON DUPLICATE KEY UPDATE
  status_id = VALUES(status_id), status_date = VALUES(status_date), history_id = VALUES(history_id),
  city = VALUES(city), price = VALUES(price), year = VALUES(year), text_key = VALUES(text_key),
  first_seen = COALESCE(listing.first_seen, VALUES(first_seen));

-- name: mark-blocks
-- Marks all blocks as changed and not indexed.
INSERT INTO listing_block (block, ready)
SELECT DISTINCT l.property_id DIV 4096, 0 FROM listing AS l
ON DUPLICATE KEY UPDATE ready = 0, version = version + 1;
