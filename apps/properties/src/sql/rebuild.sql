-- Run this file after rows were loaded into `property` and `status_history` by other means.

-- name: rebuild-listings
-- Rebuilds every listing from the properties and their histories, after rows were loaded into those by other means.
INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year, text_key, first_seen)
SELECT n.id, n.status_id, n.status_date, n.history_id, n.city, n.price, n.year, n.text_key, n.first_visible
FROM (
  SELECT p.id, h.status_id, COALESCE(h.update_date, '1000-01-01') AS status_date, h.id AS history_id, p.city,
    COALESCE(p.price, 1000000000000000) AS price, COALESCE(p.year, 32767) AS year,
    UNHEX(MD5(CONCAT(COALESCE(MD5(p.address), ''), '.', COALESCE(MD5(p.description), '')))) AS text_key,
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
) AS n
ON DUPLICATE KEY UPDATE
  status_id = n.status_id, status_date = n.status_date, history_id = n.history_id, city = n.city, price = n.price,
  year = n.year, text_key = n.text_key, first_seen = COALESCE(listing.first_seen, n.first_visible);

-- name: mark-blocks
-- Marks all blocks as changed and not indexed.
INSERT INTO listing_block (block, ready)
SELECT DISTINCT l.property_id DIV 4096, 0 FROM listing AS l
ON DUPLICATE KEY UPDATE ready = 0, version = version + 1;
