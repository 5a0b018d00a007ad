-- Saved reports by name. `summary` and `params` are JSON. `own`: a report of the service itself, as it came with it.
CREATE TABLE IF NOT EXISTS ingest_reports (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  description TEXT NOT NULL,
  statement MEDIUMTEXT NOT NULL,
  summary TEXT NOT NULL,
  params MEDIUMTEXT NOT NULL,
  own BOOLEAN NOT NULL,
  changed_by VARCHAR(150) NOT NULL,
  changed_at DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- With an index of hired_employees each row would be looked up separately, at six times the cost of a full table scan.
INSERT IGNORE INTO ingest_reports (name, description, statement, summary, params, own, changed_by, changed_at) VALUES
  ('hired-by-quarter',
    'Hires of a year by department and job in each quarter, in UTC',
    -- Grouped by id: two departments with the same name are two rows.
    'SELECT d.department, j.job,
  SUM(IF(h.quarter = 1, h.hired, 0)) AS q1, SUM(IF(h.quarter = 2, h.hired, 0)) AS q2,
  SUM(IF(h.quarter = 3, h.hired, 0)) AS q3, SUM(IF(h.quarter = 4, h.hired, 0)) AS q4
FROM (
  SELECT department_id, job_id, QUARTER(`datetime`) AS quarter, COUNT(*) AS hired
  FROM hired_employees IGNORE INDEX (hired_employees_department, hired_employees_job)
  WHERE `datetime` BETWEEN CONCAT(:year, ''-01-01'') AND CONCAT(:year, ''-12-31 23:59:59.999'')
  GROUP BY department_id, job_id, quarter
) AS h
JOIN departments AS d ON d.id = h.department_id
JOIN jobs AS j ON j.id = h.job_id
GROUP BY d.id, d.department, j.id, j.job
ORDER BY d.department, j.job, d.id, j.id',
    '[]',
    '[{"name":"year","type":"integer","required":true,"minimum":"1900","maximum":"9999","description":"The year, in UTC"}]',
    TRUE, '', UTC_TIMESTAMP(3)),
  ('departments-above-mean',
    'Departments that hired more in a year than the mean of all departments; one without hires counts as 0',
    -- Compared in whole numbers, so that a rounding error never puts a department above its own mean.
    -- One scan of the hires: a department that is not above the mean is a row of NULL, which is there for the mean only.
    'SELECT COALESCE(mean, 0e0) AS mean,
  IF(above, id, NULL) AS id, IF(above, department, NULL) AS department, IF(above, hired, NULL) AS hired
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
  SELECT id, department, hired, hired * departments > hires AS above, (0e0 + hires) / departments AS mean
  FROM (
    SELECT d.id, d.department, COALESCE(h.hired, 0) AS hired,
      COUNT(*) OVER () AS departments, SUM(COALESCE(h.hired, 0)) OVER () AS hires
    FROM departments AS d
    LEFT JOIN (
      SELECT department_id, COUNT(*) AS hired
      FROM hired_employees IGNORE INDEX (hired_employees_department, hired_employees_job)
      WHERE `datetime` BETWEEN CONCAT(:year, ''-01-01'') AND CONCAT(:year, ''-12-31 23:59:59.999'')
      GROUP BY department_id
    ) AS h ON h.department_id = d.id
  ) AS counted
) AS compared ON TRUE
ORDER BY hired DESC, department, id',
    '["mean"]',
    '[{"name":"year","type":"integer","required":true,"minimum":"1900","maximum":"9999","description":"The year, in UTC"}]',
    TRUE, '', UTC_TIMESTAMP(3));
