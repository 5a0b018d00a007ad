import type { Parameter } from "@quintet/db";

/** A saved report. */
export interface Report {
  name: string;
  description: string;
  /** One SELECT over the tables, with parameters such as `:year`. */
  sql: string;
  /** Columns that stand beside `rows`, from the first row. A row of nothing else but NULL is there for them only. */
  summary: readonly string[];
  params: readonly Parameter[];
  /** Whether it came with the service, whose statements need no user who can only read. Its responses have no `columns`. */
  own: boolean;
  changedBy: string;
  changedAt: Date;
}
