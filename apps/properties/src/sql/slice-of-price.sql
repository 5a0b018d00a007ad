-- The first entries of one status in the index of `listing` that ends in the price.
SELECT l.property_id
FROM listing AS l FORCE INDEX ({index})
WHERE l.status_id = :status
  {filters}
LIMIT :rows
