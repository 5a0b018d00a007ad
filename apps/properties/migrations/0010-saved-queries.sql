-- SQL that staff has saved under a name. `params` and `columns_found` are JSON; the columns are those that it had when it was saved.
CREATE TABLE IF NOT EXISTS properties_queries (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  description TEXT NOT NULL,
  statement MEDIUMTEXT NOT NULL,
  params MEDIUMTEXT NOT NULL,
  columns_found MEDIUMTEXT NOT NULL,
  is_public TINYINT NOT NULL,
  changed_by VARCHAR(150) NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  KEY properties_queries_public (is_public, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- An example, for staff until somebody shares it.
INSERT IGNORE INTO properties_queries (name, description, statement, params, columns_found, is_public, changed_by, changed_at) VALUES
  ('listings-by-city', 'Visible listings and their mean price by city, built since a year',
    'SELECT l.city, COUNT(*) AS listings, ROUND(AVG(l.price)) AS mean_price
FROM listing AS l
JOIN status AS s ON s.id = l.status_id
WHERE s.name IN (''pre_venta'', ''en_venta'', ''vendido'') AND l.year >= :since
GROUP BY l.city
ORDER BY listings DESC, l.city',
    '[{"name":"since","type":"integer","required":false,"default":"0","description":"The year of construction"}]',
    '[{"name":"city","type":"string"},{"name":"listings","type":"integer"},{"name":"mean_price","type":"number"}]',
    0, '', UTC_TIMESTAMP(3));
