-- Where each property is, if its coordinates are on the Earth: degrees, and the same as a point (longitude, latitude) for the spatial index.
-- MySQL uses a spatial index only if the column has a fixed SRID; MariaDB ignores the comment that says so.
CREATE TABLE IF NOT EXISTS listing_place (
  property_id BIGINT NOT NULL,
  lat DECIMAL(9, 6) NOT NULL,
  lon DECIMAL(9, 6) NOT NULL,
  place POINT NOT NULL /*!80003 SRID 0 */,
  PRIMARY KEY (property_id),
  SPATIAL INDEX listing_place_place (place)
) ENGINE = InnoDB COMMENT = 'quintet';

-- The prices of a property in the order in which they were seen. The first one has no time if it was there before the listing was.
CREATE TABLE IF NOT EXISTS price_history (
  id BIGINT NOT NULL AUTO_INCREMENT,
  property_id BIGINT NOT NULL,
  price DECIMAL(19, 4) NULL,
  seen_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY price_history_property (property_id, id)
) ENGINE = InnoDB COMMENT = 'quintet';
