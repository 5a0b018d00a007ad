import type { MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";

/** The hires of one department for one job, by quarter of the year (UTC). */
export interface HiredByQuarter {
  department: string;
  job: string;
  q1: number;
  q2: number;
  q3: number;
  q4: number;
}

/** The hires of one department. */
export interface DepartmentHires {
  id: number;
  department: string;
  hired: number;
}

const inYear = "`datetime` BETWEEN CONCAT(:year, '-01-01') AND CONCAT(:year, '-12-31 23:59:59.999')";

/** Departments and jobs that hired somebody in a year, by department, then job. Grouped by id: two of one name are two rows. */
export async function hiredByQuarter(db: MysqlPool, year: number): Promise<HiredByQuarter[]> {
  const [rows] = await db.query<(HiredByQuarter & RowDataPacket)[]>(
    `SELECT d.department, j.job, h.q1, h.q2, h.q3, h.q4
      FROM (
        SELECT department_id, job_id,
          SUM(QUARTER(\`datetime\`) = 1) AS q1, SUM(QUARTER(\`datetime\`) = 2) AS q2,
          SUM(QUARTER(\`datetime\`) = 3) AS q3, SUM(QUARTER(\`datetime\`) = 4) AS q4
        FROM hired_employees WHERE ${inYear} GROUP BY department_id, job_id
      ) AS h
      JOIN departments AS d ON d.id = h.department_id
      JOIN jobs AS j ON j.id = h.job_id
      ORDER BY d.department, j.job, d.id, j.id`,
    { year },
  );
  return rows;
}

/** Every department with its hires in a year, most first; a department without hires counts 0. */
export async function hiresByDepartment(db: MysqlPool, year: number): Promise<DepartmentHires[]> {
  const [rows] = await db.query<(DepartmentHires & RowDataPacket)[]>(
    `SELECT d.id, d.department, COALESCE(h.hired, 0) AS hired
      FROM departments AS d
      LEFT JOIN (
        SELECT department_id, COUNT(*) AS hired FROM hired_employees WHERE ${inYear} GROUP BY department_id
      ) AS h ON h.department_id = d.id
      ORDER BY hired DESC, d.department, d.id`,
    { year },
  );
  return rows;
}
