-- The filters that searches have in common.
AND l.city = :city                               --? city
AND l.year = :year                               --? yearEquals
AND l.price BETWEEN :minPrice AND :maxPrice      --? prices
