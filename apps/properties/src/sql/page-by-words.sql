-- One page of the listings whose text has the words, found by the full-text index and then sorted. Serves words that few
-- listings have: it reads every listing that has them.
SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status,
  l.property_id AS sortKey   --? id
  l.price AS sortKey         --? price
  l.year AS sortKey          --? year
  l.status_date AS sortKey   --? date
FROM property AS p
INNER JOIN listing AS l ON l.property_id = p.id
INNER JOIN status AS s ON s.id = l.status_id
WHERE MATCH (p.address, p.description) AGAINST (:words IN BOOLEAN MODE)
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word1
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word2   --? word2
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word3   --? word3
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word4   --? word4
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word5   --? word5
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word6   --? word6
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word7   --? word7
  AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word8   --? word8
  AND l.status_id IN (:status1, :status2, :status3)
  {filters}
  {after}
ORDER BY sortKey, l.property_id             --? ascending
ORDER BY sortKey DESC, l.property_id DESC   --? descending
LIMIT :rows
