-- Listings of the asked city, year and statuses that have the asked price; of each status :rows at most. {slices} is slice-of-price.sql.
SELECT slices.property_id AS id FROM ({slices}) AS slices
