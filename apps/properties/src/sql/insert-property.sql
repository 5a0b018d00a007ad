INSERT INTO property (address, city, price, description, year)
VALUES (:address, :city, :price, :description, :year)
