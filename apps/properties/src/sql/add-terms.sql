-- One property more in its block, for each of some terms. {rows} are `(:term1, :block, :pair)`, and so on.
INSERT INTO listing_term (term, block, members)
VALUES {rows}
ON DUPLICATE KEY UPDATE members = IF(
  LENGTH(members) = 513,
  INSERT(members, :byte, 1, CHAR(ORD(SUBSTRING(members, :byte, 1)) | :bit)),
  IF(INSTR(members, :pair) > 0, members, CONCAT(members, :pair))
)
