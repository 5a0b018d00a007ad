-- Looks at the first :rows listings in the asked order for those whose text has the words. Answers them, and the last listing it
-- looked at, whether it has them or not: that says where to go on, and its absence that nothing further is there.
-- Serves words that many listings have.
SELECT * FROM (
  SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status, page.sort_key AS sortKey, page.place,
    (
      REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word1
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word2   --? word2
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word3   --? word3
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word4   --? word4
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word5   --? word5
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word6   --? word6
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word7   --? word7
      AND REGEXP_REPLACE(CONCAT(' ', p.address, ' ', p.description), :separators, ' ') LIKE :word8   --? word8
    ) AS matches
  FROM (
    SELECT first_rows.*,
      ROW_NUMBER() OVER (ORDER BY sort_key, property_id) AS place             --? ascending
      ROW_NUMBER() OVER (ORDER BY sort_key DESC, property_id DESC) AS place   --? descending
    FROM (
      SELECT * FROM ({slices}) AS slices
      ORDER BY sort_key, property_id             --? ascending
      ORDER BY sort_key DESC, property_id DESC   --? descending
      LIMIT :rows
    ) AS first_rows
  ) AS page
  INNER JOIN property AS p ON p.id = page.property_id
  INNER JOIN status AS s ON s.id = page.status_id
) AS looked_at
WHERE matches = 1 OR place = :rows
ORDER BY place
