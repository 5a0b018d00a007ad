-- How many listings of the asked city, year and statuses have the asked price; of each status :rows are counted at most.
SELECT COUNT(*) AS count FROM ({slices}) AS slices
