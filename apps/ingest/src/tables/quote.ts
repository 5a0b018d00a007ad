/**
 * A name of a table, column or key in SQL: every statement with a name that varies gets it from here. MySQL's rules
 * (Reference Manual, "Schema Object Names"): up to 64 characters of the BMP without NUL, the last of them no space; a backquote is doubled.
 */
export function identifier(name: string): string {
  if (!/^[^\p{Cc}\p{Cs}\u{10000}-\u{10ffff}]{1,64}$/u.test(name) || name.endsWith(" ")) {
    throw new Error(`${JSON.stringify(name)} cannot be a name in SQL.`);
  }
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A list of names in SQL, with an alias of their table in front of each where one is given. */
export function identifiers(names: readonly string[], alias?: string): string {
  const of = alias === undefined ? "" : `${alias}.`;
  return names.map((name) => of + identifier(name)).join(", ");
}

/** A text in DDL, which takes no parameters: a quote and a backslash are doubled. */
export function literal(text: string): string {
  if (text.includes("\0")) throw new Error("A text with NUL cannot be in SQL.");
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
