UPDATE listing_block SET ready = 1 WHERE block = :block
