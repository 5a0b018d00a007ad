-- Changes the fields that are not null.
UPDATE property
SET address = COALESCE(:address, address),
  city = COALESCE(:city, city),
  price = COALESCE(:price, price),
  description = COALESCE(:description, description),
  year = COALESCE(:year, year)
WHERE id = :id
