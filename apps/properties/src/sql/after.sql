-- The place after which a page begins.
AND l.property_id > :afterId                                                                  --? after ascending id
AND l.property_id < :afterId                                                                  --? after descending id
AND (l.price > :afterKey OR (l.price = :afterKey AND l.property_id > :afterId))               --? after ascending price
AND (l.price < :afterKey OR (l.price = :afterKey AND l.property_id < :afterId))               --? after descending price
AND (l.year > :afterKey OR (l.year = :afterKey AND l.property_id > :afterId))                 --? after ascending year
AND (l.year < :afterKey OR (l.year = :afterKey AND l.property_id < :afterId))                 --? after descending year
AND (l.status_date < :afterKey OR (l.status_date = :afterKey AND l.property_id < :afterId))   --? after descending date
