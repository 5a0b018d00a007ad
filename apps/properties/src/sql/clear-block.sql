DELETE t FROM listing_term AS t FORCE INDEX (listing_term_block) WHERE t.block = :block
