import type { Parameter, ResultColumn } from "@quintet/db";

/** SQL that staff has saved under a name. */
export interface SavedQuery {
  name: string;
  description: string;
  /** One SELECT over the readable tables, with parameters such as `:city`. */
  sql: string;
  params: readonly Parameter[];
  /** The columns of its rows, as they were when it was saved. */
  columns: readonly ResultColumn[];
  /** Whether every account may run it; otherwise staff only. */
  public: boolean;
  changedBy: string;
  changedAt: Date;
}

export type QueryDraft = Pick<SavedQuery, "name" | "description" | "sql" | "params" | "public">;
