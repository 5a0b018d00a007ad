export const parameterTypes = ["integer", "number", "string", "date", "datetime", "boolean"] as const;
export type ParameterType = (typeof parameterTypes)[number];

/** A parameter of a report. Limits and the default are texts as in a query, so that they are exact. */
export interface Parameter {
  name: string;
  type: ParameterType;
  /** Whether a request must give it; otherwise it is the default, or NULL. */
  required: boolean;
  default?: string | undefined;
  /** Of integer, number, date and datetime. */
  minimum?: string | undefined;
  maximum?: string | undefined;
  /** Of string, in characters. */
  maxLength?: number | undefined;
  enum?: readonly string[] | undefined;
  description?: string | undefined;
}

export const resultTypes = ["integer", "number", "string", "boolean", "date", "time", "datetime", "binary"] as const;

/** A column of a result. `binary` is base64. */
export interface ResultColumn {
  name: string;
  type: (typeof resultTypes)[number];
}

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

/** A value of a result in JSON. A number that a double cannot hold is a text with all its digits. */
export type JsonValue = string | number | boolean | null;
