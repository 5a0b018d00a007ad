-- The first rows of one status in the asked order. {index} is the index of `listing` that has the equal columns first and then
-- the order, so that these are its next entries; or the one that ends in the price, for prices that few listings have. It is
-- named because the optimizer was seen to read a whole status where the other index holds the page ready.
SELECT l.property_id, l.status_id,
  l.property_id AS sort_key   --? id
  l.price AS sort_key         --? price
  l.year AS sort_key          --? year
  l.status_date AS sort_key   --? date
FROM listing AS l FORCE INDEX ({index})
WHERE l.status_id = :status
  {filters}
  {after}
ORDER BY sort_key, l.property_id             --? ascending
ORDER BY sort_key DESC, l.property_id DESC   --? descending
LIMIT :rows
