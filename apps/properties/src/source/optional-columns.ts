import type { Database } from "../database.ts";
import { fill, withLines } from "../sql/statements.ts";
import { optionalColumns } from "./source.ts";

/** A statement with the optional columns that `property` has as its `{optional}`. */
export async function withOptional(db: Database, text: string): Promise<string> {
  const { columns } = await db.source();
  return fill(text, { optional: withLines(db.statements["optional-columns"], columns) });
}

/** A property without the optional fields that are null: they are only shown where they say something. */
export function withoutNulls<T extends object>(property: T): T {
  const isEmpty = (name: string) =>
    optionalColumns.some((column) => column === name) && property[name as keyof T] === null;
  return Object.fromEntries(Object.entries(property).filter(([name]) => !isEmpty(name))) as T;
}
