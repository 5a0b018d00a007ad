-- One property less in its block, for each of some terms.
UPDATE listing_term FORCE INDEX (PRIMARY)
SET members = IF(
  LENGTH(members) = 513,
  INSERT(members, :byte, 1, CHAR(ORD(SUBSTRING(members, :byte, 1)) & :keep)),
  REPLACE(members, :pair, '')
)
WHERE block = :block AND term IN ({terms})
