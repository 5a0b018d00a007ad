-- The three tables that can be loaded. A moment is UTC.
CREATE TABLE IF NOT EXISTS departments (
  id INT NOT NULL,
  department VARCHAR(255) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS jobs (
  id INT NOT NULL,
  job VARCHAR(255) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS hired_employees (
  id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  `datetime` DATETIME(3) NOT NULL,
  department_id INT NOT NULL,
  job_id INT NOT NULL,
  PRIMARY KEY (id),
  KEY hired_employees_department (department_id),
  KEY hired_employees_job (job_id),
  CONSTRAINT hired_employees_department FOREIGN KEY (department_id) REFERENCES departments (id),
  CONSTRAINT hired_employees_job FOREIGN KEY (job_id) REFERENCES jobs (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row per load. `byte_count`, `line_count` and `digest` say how far the file was read when the last batch was
-- committed; `owner` is the attempt that may write; `beat_at` is when it last said that it is alive.
CREATE TABLE IF NOT EXISTS ingest_loads (
  id BIGINT NOT NULL AUTO_INCREMENT,
  table_name VARCHAR(32) NOT NULL,
  mode VARCHAR(16) NOT NULL,
  header VARCHAR(8) NOT NULL,
  dry_run BOOLEAN NOT NULL,
  status VARCHAR(16) NOT NULL,
  request_key CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NULL,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  received BIGINT NOT NULL DEFAULT 0,
  inserted BIGINT NOT NULL DEFAULT 0,
  updated BIGINT NOT NULL DEFAULT 0,
  rejected BIGINT NOT NULL DEFAULT 0,
  byte_count BIGINT NOT NULL DEFAULT 0,
  line_count BIGINT NOT NULL DEFAULT 0,
  digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  field_order VARCHAR(64) CHARACTER SET ascii NULL,
  ms BIGINT NOT NULL DEFAULT 0,
  problem TEXT NULL,
  account_id BIGINT NOT NULL,
  created_by VARCHAR(150) NOT NULL,
  started_at DATETIME(3) NOT NULL,
  beat_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY ingest_loads_request (request_key),
  KEY ingest_loads_newest (started_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS ingest_rejects (
  load_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  column_name VARCHAR(64) NOT NULL,
  reason VARCHAR(255) NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (load_id, line)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Rows of a load that must not be seen yet (mode=replace), or never (dryRun).
CREATE TABLE IF NOT EXISTS staged_departments (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  department VARCHAR(255) NOT NULL,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS staged_jobs (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  job VARCHAR(255) NOT NULL,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS staged_hired_employees (
  load_id BIGINT NOT NULL,
  id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  `datetime` DATETIME(3) NOT NULL,
  department_id INT NOT NULL,
  job_id INT NOT NULL,
  PRIMARY KEY (load_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
