-- replaces: 5a3bb8ec154aa27094fb04fda87c9b6a6ff10bd71becd1bd4e0e17cf7188656b
-- The tables that a team may have already, where they are missing, and `listing`: each property as searches see it.
-- A table of a team is not touched. The comment tells ours from theirs.

CREATE TABLE IF NOT EXISTS status (
  id TINYINT UNSIGNED NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  label VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY status_name (name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci COMMENT = 'quintet';

SET @step = IF(
  EXISTS (
    SELECT 1 FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'status' AND TABLE_COMMENT = 'quintet'
  ),
  'INSERT IGNORE INTO status (id, name, label) VALUES
    (1, ''comprando'', ''Inmueble en proceso de compra''),
    (2, ''comprado'', ''Inmueble en propiedad''),
    (3, ''pre_venta'', ''Inmueble en preventa''),
    (4, ''en_venta'', ''Inmueble en venta''),
    (5, ''vendido'', ''Inmueble vendido'')',
  'DO 0'
);
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE TABLE IF NOT EXISTS property (
  id BIGINT NOT NULL AUTO_INCREMENT,
  address VARCHAR(200) NOT NULL,
  city VARCHAR(80) NOT NULL,
  price BIGINT NOT NULL,
  description TEXT NOT NULL,
  year SMALLINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci COMMENT = 'quintet';

CREATE TABLE IF NOT EXISTS status_history (
  id BIGINT NOT NULL AUTO_INCREMENT,
  property_id BIGINT NOT NULL,
  status_id TINYINT UNSIGNED NOT NULL,
  update_date DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY status_history_property (property_id, update_date, id)
) ENGINE = InnoDB COMMENT = 'quintet';

CREATE TABLE IF NOT EXISTS liked_properties (
  id_user BIGINT NOT NULL,
  id_property BIGINT NOT NULL,
  date_liked DATETIME(3) NOT NULL,
  PRIMARY KEY (id_user, id_property),
  KEY liked_properties_newest (id_user, date_liked, id_property),
  KEY liked_properties_property (id_property)
) ENGINE = InnoDB COMMENT = 'quintet';

-- Only for the migrations that follow: 0005 makes it as it is today.
CREATE TABLE IF NOT EXISTS listing (
  property_id BIGINT NOT NULL,
  PRIMARY KEY (property_id)
) ENGINE = InnoDB COMMENT = 'quintet';
