-- The copies of the changed fields that searches use.
UPDATE listing
SET city = COALESCE(:city, city), price = COALESCE(:price, price), year = COALESCE(:year, year)
WHERE property_id = :id
