-- name: page
-- One page of listings in the requested order. {slices} is `slice`, once per requested status and city; the page is the first rows of
-- their union. The wide rows of `property` are read for the page only.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, {optional} LOWER(TRIM(s.name)) AS status, page.sort_key AS sortKey
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

-- name: walk
-- The ids of the next listings in the requested order, regardless of words and price. {slices} is `slice`, once per requested
-- status.
SELECT slices.property_id AS id, slices.sort_key AS sortKey
FROM ({slices}) AS slices
ORDER BY sort_key, property_id             --? ascending
ORDER BY sort_key DESC, property_id DESC   --? descending
LIMIT :rows

-- name: of-price
-- Listings of the requested city, year, statuses and price; at most :rows per status. {slices} is `slice-of-price`.
SELECT slices.property_id AS id FROM ({slices}) AS slices

-- name: seen
-- The listings that became visible first in a time, in that order, whatever their status.
SELECT l.property_id AS id FROM listing AS l FORCE INDEX (by_first_seen)
WHERE l.first_seen >= :since AND l.first_seen < :before
LIMIT :rows

-- name: keys
-- Those of the given listings that match a search, with their sort keys.
SELECT l.property_id AS id,
  l.property_id AS sortKey   --? id
  l.price AS sortKey         --? price
  l.year AS sortKey          --? year
  l.status_date AS sortKey   --? date
  {distance} AS sortKey      --? distance
FROM listing AS l FORCE INDEX (PRIMARY)
INNER JOIN listing_place AS g ON g.property_id = l.property_id   --? place
WHERE l.property_id IN ({ids})
  AND l.status_id IN ({statuses})
  {filters}
  {after}

-- name: rows
-- Those of the given listings that match a search, in the requested order.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, {optional} LOWER(TRIM(s.name)) AS status,
  l.property_id AS sortKey   --? id
  l.price AS sortKey         --? price
  l.year AS sortKey          --? year
  l.status_date AS sortKey   --? date
  {distance} AS sortKey      --? distance
FROM listing AS l FORCE INDEX (PRIMARY)
INNER JOIN listing_place AS g ON g.property_id = l.property_id   --? place
INNER JOIN property AS p ON p.id = l.property_id
INNER JOIN status AS s ON s.id = l.status_id
WHERE l.property_id IN ({ids})
  AND l.status_id IN ({statuses})
  {filters}
  {after}
ORDER BY sortKey, l.property_id             --? ascending
ORDER BY sortKey DESC, l.property_id DESC   --? descending

-- name: facet-rows
-- The values of the given listings that facets count. Cities that differ only in case and accents have the same key.
SELECT l.property_id AS id, l.status_id AS statusId, NULLIF(l.year, 32767) AS year, l.city, LEFT(MD5(WEIGHT_STRING(RTRIM(l.city))), 16) AS cityKey
FROM listing AS l FORCE INDEX (PRIMARY)
WHERE l.property_id IN ({ids})

-- name: slice
-- The first rows of one status in the requested order. {index} is the index of `listing` that begins with the equality columns and
-- continues with the order, so that these are its next entries; or the one that ends in the price, for rare prices. It is forced
-- because the optimizer may otherwise read a whole status although another index has the page in order.
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

-- name: slice-of-price
-- The first entries of one status in the index of `listing` that ends in the price.
SELECT l.property_id
FROM listing AS l FORCE INDEX ({index})
WHERE l.status_id = :status
  {filters}
LIMIT :rows

-- name: filters
-- The filters that all searches share. {cities} is `= :city1` in a slice, otherwise `IN (:city1, …)`.
AND l.city {cities}                                --? city
AND l.type IN ({types})                            --? type
AND l.year = :yearMin                              --? yearEquals
AND l.year BETWEEN :yearMin AND :yearMax           --? yearRange
AND l.price BETWEEN :priceMin AND :priceMax        --? priceRange
AND l.rooms BETWEEN :roomsMin AND :roomsMax        --? roomsRange
AND l.area BETWEEN :areaMin AND :areaMax           --? areaRange
AND l.first_seen >= :newSince                      --? newSince
AND ({boxes})                                      --? place
AND {distance} <= :km                              --? near

-- name: after
-- The position after which a page begins.
AND l.property_id > :afterId                                                                  --? after ascending id
AND l.property_id < :afterId                                                                  --? after descending id
AND (l.price > :afterKey OR (l.price = :afterKey AND l.property_id > :afterId))               --? after ascending price
AND (l.price < :afterKey OR (l.price = :afterKey AND l.property_id < :afterId))               --? after descending price
AND (l.year > :afterKey OR (l.year = :afterKey AND l.property_id > :afterId))                 --? after ascending year
AND (l.year < :afterKey OR (l.year = :afterKey AND l.property_id < :afterId))                 --? after descending year
AND (l.status_date < :afterKey OR (l.status_date = :afterKey AND l.property_id < :afterId))   --? after descending date
AND ({distance} > :afterKey OR ({distance} = :afterKey AND l.property_id > :afterId))         --? after ascending distance
