-- The ids of the next listings in the asked order, whether they have the words and the price or not. {slices} is slice.sql, once for
-- each status that is asked for.
SELECT slices.property_id AS id, slices.sort_key AS sortKey
FROM ({slices}) AS slices
ORDER BY sort_key, property_id             --? ascending
ORDER BY sort_key DESC, property_id DESC   --? descending
LIMIT :rows
