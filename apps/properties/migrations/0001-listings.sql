-- The four tables of the listings, and `listing`: each property as it stands now, which every search reads.

CREATE TABLE IF NOT EXISTS status (
  id TINYINT UNSIGNED NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  label VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY status_name (name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

INSERT IGNORE INTO status (id, name, label) VALUES
  (1, 'comprando', 'Inmueble en proceso de compra'),
  (2, 'comprado', 'Inmueble en propiedad'),
  (3, 'pre_venta', 'Inmueble en preventa'),
  (4, 'en_venta', 'Inmueble en venta'),
  (5, 'vendido', 'Inmueble vendido');

-- The full-text index below is to hold every word: the server's list of words to leave out is an English one.
SET SESSION innodb_ft_enable_stopword = OFF;

CREATE TABLE IF NOT EXISTS property (
  id BIGINT NOT NULL AUTO_INCREMENT,
  address VARCHAR(200) NOT NULL,
  city VARCHAR(80) NOT NULL,
  price BIGINT NOT NULL,
  description TEXT NOT NULL,
  year SMALLINT NOT NULL,
  PRIMARY KEY (id),
  FULLTEXT KEY property_words (address, description)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS status_history (
  id BIGINT NOT NULL AUTO_INCREMENT,
  property_id BIGINT NOT NULL,
  status_id TINYINT UNSIGNED NOT NULL,
  update_date DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY status_history_property (property_id, update_date, id),
  CONSTRAINT status_history_of_property FOREIGN KEY (property_id) REFERENCES property (id),
  CONSTRAINT status_history_of_status FOREIGN KEY (status_id) REFERENCES status (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS liked_properties (
  id_user BIGINT NOT NULL,
  id_property BIGINT NOT NULL,
  date_liked DATETIME(3) NOT NULL,
  PRIMARY KEY (id_user, id_property),
  KEY liked_properties_newest (id_user, date_liked, id_property),
  KEY liked_properties_property (id_property),
  CONSTRAINT liked_property FOREIGN KEY (id_property) REFERENCES property (id)
) ENGINE = InnoDB;

-- One index for each set of equal columns with each order, so that a page is always the next entries of one of them.
CREATE TABLE IF NOT EXISTS listing (
  property_id BIGINT NOT NULL,
  status_id TINYINT UNSIGNED NOT NULL,
  status_date DATETIME(3) NOT NULL,
  history_id BIGINT NOT NULL,
  city VARCHAR(80) NOT NULL,
  price BIGINT NOT NULL,
  year SMALLINT NOT NULL,
  PRIMARY KEY (property_id),
  KEY by_id (status_id, property_id),
  KEY by_city_id (status_id, city, property_id),
  KEY by_year_id (status_id, year, property_id),
  KEY by_city_year_id (status_id, city, year, property_id),
  KEY by_price (status_id, price, property_id),
  KEY by_city_price (status_id, city, price, property_id),
  KEY by_year_price (status_id, year, price, property_id),
  KEY by_city_year_price (status_id, city, year, price, property_id),
  KEY by_date (status_id, status_date, property_id),
  KEY by_city_date (status_id, city, status_date, property_id),
  KEY by_year_date (status_id, year, status_date, property_id),
  KEY by_city_year_date (status_id, city, year, status_date, property_id),
  CONSTRAINT listing_of_property FOREIGN KEY (property_id) REFERENCES property (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
