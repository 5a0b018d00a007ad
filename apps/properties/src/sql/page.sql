-- One page of the listings in the asked order. {slices} is slice.sql, once for each status that is asked for; the page is
-- the first rows of their union. The wide rows of `property` are read for the page alone.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status, page.sort_key AS sortKey
FROM (
  SELECT * FROM ({slices}) AS slices
  ORDER BY sort_key, property_id             --? ascending
  ORDER BY sort_key DESC, property_id DESC   --? descending
  LIMIT :rows
) AS page
INNER JOIN property AS p ON p.id = page.property_id
INNER JOIN status AS s ON s.id = page.status_id
ORDER BY page.sort_key, page.property_id             --? ascending
ORDER BY page.sort_key DESC, page.property_id DESC   --? descending
