SELECT b.ready FROM listing_block AS b WHERE b.block = :block FOR UPDATE
