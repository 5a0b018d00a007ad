-- How many accounts like each property: changed in the transaction that adds or removes a like.
CREATE TABLE IF NOT EXISTS like_count (
  property_id BIGINT NOT NULL,
  likes BIGINT NOT NULL,
  PRIMARY KEY (property_id),
  KEY like_count_order (likes, property_id)
) ENGINE = InnoDB COMMENT = 'quintet';

-- Counts the likes that are there, and locks none of them.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

INSERT INTO like_count (property_id, likes)
SELECT n.property_id, n.likes
FROM (
  SELECT k.id_property AS property_id, COUNT(DISTINCT k.id_user) AS likes
  FROM liked_properties AS k
  WHERE k.id_property IS NOT NULL
  GROUP BY k.id_property
) AS n
ON DUPLICATE KEY UPDATE likes = n.likes;
