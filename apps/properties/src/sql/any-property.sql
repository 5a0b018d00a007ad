-- Whether there is any property at all.
SELECT EXISTS (SELECT 1 FROM property) AS found
