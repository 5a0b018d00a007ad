-- name: prices
-- The prices of a property in the order in which they were seen, the last ones first.
SELECT k.id, k.price, k.seen_at AS since
FROM price_history AS k FORCE INDEX (price_history_property)
WHERE k.property_id = :id
  AND k.id < :afterId   --? after
ORDER BY k.id DESC
LIMIT :rows

-- name: listed-price
-- The price that the listing of a property has; no price is 10^15.
SELECT NULLIF(l.price, 1000000000000000) AS price FROM listing AS l WHERE l.property_id = :id

-- name: priced
-- Those of some properties that have a history of prices.
SELECT DISTINCT k.property_id AS id
FROM price_history AS k FORCE INDEX (price_history_property)
WHERE k.property_id IN ({ids})

-- name: add-prices
-- Adds prices. {rows} are `(:id1, :price1, UTC_TIMESTAMP(3))`, and so on, with NULL for a price that was there before.
INSERT INTO price_history (property_id, price, seen_at) VALUES {rows}

-- name: drop-prices
DELETE k FROM price_history AS k FORCE INDEX (price_history_property) WHERE k.property_id IN ({ids})

-- name: count-some
-- How many listings a statistic would read, :most at most.
SELECT COUNT(*) AS count
FROM (
  SELECT l.property_id
  FROM listing AS l
  {index}
  WHERE l.status_id IN ({statuses})
    AND l.city IN ({cities})                       --? cities
    AND l.year BETWEEN :yearMin AND :yearMax       --? years
  LIMIT :most
) AS some

-- name: block-versions
-- The versions of the blocks in which there are listings.
SELECT b.block, b.version FROM listing_block AS b ORDER BY b.block LIMIT :rows

-- name: prices-of-block
-- What statistics need of the listings of a block that have a price.
SELECT l.status_id AS statusId, l.city, l.year, l.price
FROM listing AS l FORCE INDEX (PRIMARY)
WHERE l.property_id >= :first AND l.property_id < :end AND l.price < 1000000000000000

-- name: cities-of-block
-- The spellings of cities in a block. Cities that differ only in case and accents have the same weight; in its order they are sorted.
SELECT l.city, HEX(WEIGHT_STRING(RTRIM(l.city))) AS weight
FROM listing AS l FORCE INDEX (PRIMARY)
WHERE l.property_id >= :first AND l.property_id < :end AND l.city IS NOT NULL

-- name: city-weight
-- The weight of a city, as in `cities-of-block`.
SELECT HEX(WEIGHT_STRING(RTRIM(:text) COLLATE utf8mb4_unicode_520_ci)) AS weight

-- name: statistics
-- The quartiles of the prices of each group of listings: between two prices where they fall between two (as PERCENTILE_CONT).
-- Without what stands for no value: the price 10^15 and the year 32,767.
SELECT
  MIN(n.city) AS city,   --? city
  n.year,                --? year
  COUNT(*) AS count, MIN(n.price) AS min,
  SUM(n.price * GREATEST(0, 1 - ABS(n.place - 1 - 0.25 * (n.places - 1)))) AS lowerQuartile,
  SUM(n.price * GREATEST(0, 1 - ABS(n.place - 1 - 0.5 * (n.places - 1)))) AS median,
  SUM(n.price * GREATEST(0, 1 - ABS(n.place - 1 - 0.75 * (n.places - 1)))) AS upperQuartile,
  MAX(n.price) AS max
FROM (
  SELECT l.city, l.year, l.price,
    ROW_NUMBER() OVER (PARTITION BY {groups} ORDER BY l.price, l.property_id) AS place,
    COUNT(*) OVER (PARTITION BY {groups}) AS places
  FROM listing AS l
  {index}
  WHERE l.status_id IN ({statuses})
    AND l.price < 1000000000000000
    AND l.city IS NOT NULL                         --? city
    AND l.year < 32767                             --? year
    AND l.city IN ({cities})                       --? cities
    AND l.year BETWEEN :yearMin AND :yearMax       --? years
) AS n
GROUP BY
  n.city   --? city only
  n.year   --? year only
  n.city, n.year   --? city year
ORDER BY
  n.city   --? city only
  n.year   --? year only
  n.city, n.year   --? city year
LIMIT :rows
