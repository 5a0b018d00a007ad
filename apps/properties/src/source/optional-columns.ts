import type { Database } from "../database.ts";
import { fill, withLines } from "../sql/statements.ts";
import { optionalColumns } from "./source.ts";

/** A statement with the optional columns that `property` has as its `{optional}`. */
export async function withOptional<Text extends string>(db: Database, text: Text): Promise<Text> {
  const { columns } = await db.source();
  return fill(text, { optional: withLines(db.statements["optional-columns"], columns) });
}

type WithoutNulls<Row> = {
  [F in keyof Row]: F extends (typeof optionalColumns)[number] ? Exclude<Row[F], null> : Row[F];
};

/** A property without the optional fields that are null: they are only shown where they say something. */
export function withoutNulls<Row extends object>(property: Row): WithoutNulls<Row> {
  const isEmpty = (name: string) =>
    optionalColumns.some((column) => column === name) && property[name as keyof Row] === null;
  return Object.fromEntries(Object.entries(property).filter(([name]) => !isEmpty(name))) as WithoutNulls<Row>;
}
