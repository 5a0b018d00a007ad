import { escape as literalOf } from "mysql2";

/** A text, a name, or a placeholder in SQL. */
const token = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\?|:([A-Za-z][A-Za-z0-9_]*)/gs;

/** Whether a name in backquotes may have `?` or `:` in it, which the driver takes for placeholders. */
export function hasOddNames(sql: string): boolean {
  return /`[^`]*[?:][^`]*`/.test(sql);
}

/**
 * A statement with its values in it: a list by `?`, or an object by `:name`. As the driver does it, but placeholders are only looked for
 * outside of texts and of names in backquotes, which may be any words. Throws when a value is missing.
 */
export function bindValues(sql: string, values: unknown): string {
  if (values === undefined) return sql;
  const isList = Array.isArray(values);
  let next = 0;
  return sql.replace(token, (found: string, name: string | undefined) => {
    if (isList ? found !== "?" : name === undefined) return found;
    const key = isList ? next++ : (name as string);
    const value = (values as Record<string | number, unknown>)[key];
    if (value === undefined)
      throw new Error(`The statement has no value for ${isList ? `its ? number ${next}` : found}.`);
    return literalOf(value as Parameters<typeof literalOf>[0], false, "Z");
  });
}
