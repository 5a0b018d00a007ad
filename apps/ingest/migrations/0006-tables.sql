-- The definitions of all tables that can be loaded. `state` is `making`, `ready`, `changing` (to `pending`), `dropping` or `dropped`:
-- what a killed process has begun is finished by the next one. A dropped table keeps its row, so that a version is never used again.
CREATE TABLE IF NOT EXISTS ingest_tables (
  name VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  definition LONGTEXT NOT NULL,
  pending LONGTEXT NULL,
  created_by VARCHAR(150) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  changed_at DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The three tables of before. Their columns stay as they are: INT by the limits, a datetime with milliseconds.
INSERT IGNORE INTO ingest_tables (name, version, state, definition, created_by, created_at, changed_at) VALUES
  ('departments', 1, 'ready',
    '{"columns":[{"name":"id","required":true,"unique":false,"zoned":false,"type":"integer","minimum":"1","maximum":"2147483647"},{"name":"department","required":true,"unique":false,"zoned":false,"type":"string","minLength":1,"maxLength":255}],"primaryKey":["id"],"foreignKeys":[],"missingValues":[""],"dialect":{}}',
    '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
  ('jobs', 1, 'ready',
    '{"columns":[{"name":"id","required":true,"unique":false,"zoned":false,"type":"integer","minimum":"1","maximum":"2147483647"},{"name":"job","required":true,"unique":false,"zoned":false,"type":"string","minLength":1,"maxLength":255}],"primaryKey":["id"],"foreignKeys":[],"missingValues":[""],"dialect":{}}',
    '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
  ('hired_employees', 1, 'ready',
    '{"columns":[{"name":"id","required":true,"unique":false,"zoned":false,"type":"integer","minimum":"1","maximum":"2147483647"},{"name":"name","required":true,"unique":false,"zoned":false,"type":"string","minLength":1,"maxLength":255},{"name":"datetime","required":true,"unique":false,"zoned":true,"type":"datetime","precision":3},{"name":"department_id","required":true,"unique":false,"zoned":false,"type":"integer","minimum":"1","maximum":"2147483647"},{"name":"job_id","required":true,"unique":false,"zoned":false,"type":"integer","minimum":"1","maximum":"2147483647"}],"primaryKey":["id"],"foreignKeys":[{"columns":["department_id"],"table":"departments","references":["id"]},{"columns":["job_id"],"table":"jobs","references":["id"]}],"missingValues":[""],"dialect":{}}',
    '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3));

-- The hidden column of every table: the load that wrote the row last. Added at the end, which rewrites no row;
-- invisible, so that other writers and readers of the three find the columns that they know.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'departments' AND column_name = '_load') > 0,
  'DO 0', 'ALTER TABLE departments ADD COLUMN _load BIGINT NULL INVISIBLE');
PREPARE step FROM @step;
EXECUTE step;
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'jobs' AND column_name = '_load') > 0,
  'DO 0', 'ALTER TABLE jobs ADD COLUMN _load BIGINT NULL INVISIBLE');
PREPARE step FROM @step;
EXECUTE step;
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'hired_employees' AND column_name = '_load') > 0,
  'DO 0', 'ALTER TABLE hired_employees ADD COLUMN _load BIGINT NULL INVISIBLE');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The rows of each table as they were before a load changed or deleted them.
CREATE TABLE IF NOT EXISTS before_departments (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  department VARCHAR(255) NOT NULL,
  _load BIGINT NULL INVISIBLE,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS before_jobs (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  job VARCHAR(255) NOT NULL,
  _load BIGINT NULL INVISIBLE,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS before_hired_employees (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  `datetime` DATETIME(3) NOT NULL,
  department_id INT NOT NULL,
  job_id INT NOT NULL,
  _load BIGINT NULL INVISIBLE,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Longer names, and the order of more fields.
ALTER TABLE ingest_loads MODIFY table_name VARCHAR(48) NOT NULL, MODIFY field_order TEXT CHARACTER SET ascii NULL;
