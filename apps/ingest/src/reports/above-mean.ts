import type { DepartmentHires } from "./hire-queries.ts";

/** The mean of the hires of all departments, those without hires among them, and the departments above it. */
export function aboveMean(departments: readonly DepartmentHires[]): { mean: number; rows: DepartmentHires[] } {
  const hires = departments.reduce((sum, department) => sum + department.hired, 0);
  return {
    mean: departments.length === 0 ? 0 : hires / departments.length,
    // In whole numbers, so that a department exactly at the mean is never above it by a rounding error.
    rows: departments.filter((department) => department.hired * departments.length > hires),
  };
}
