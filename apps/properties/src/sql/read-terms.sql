-- The members of a range of terms, block by block.
SELECT t.term, t.block, t.members
FROM listing_term AS t
WHERE t.term >= :from AND t.term < :to
ORDER BY t.term, t.block        --? ascending
ORDER BY t.term DESC, t.block   --? descending
LIMIT :rows
