-- Of some terms of a block, those that no property has any more: an empty list, or a bitmap without a bit.
DELETE t FROM listing_term AS t FORCE INDEX (PRIMARY)
WHERE t.block = :block AND t.term IN ({terms}) AND t.members IN ('', REPEAT(CHAR(0), 513))
