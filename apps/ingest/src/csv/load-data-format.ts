/**
 * The default text format of `LOAD DATA`: fields end with a tab, rows with a line feed, and a backslash escapes both and itself.
 */
export const tab = 0x09;
export const lineFeed = 0x0a;

/** Escapes a text as a field of a row. */
export function escapeText(text: string): string {
  return text.replace(/[\\\t\n]/g, (character) => (character === "\t" ? "\\t" : character === "\n" ? "\\n" : "\\\\"));
}

const backslashN = "\\N";

/** The unescaped fields of a row without its line feed; null for NULL. */
export function rowFields(row: string): (string | null)[] {
  const fields = row.split("\t");
  if (!row.includes("\\")) return fields;
  return fields.map((field) =>
    field === backslashN
      ? null
      : field.replace(/\\(.)/g, (_, character) => (character === "t" ? "\t" : character === "n" ? "\n" : character)),
  );
}
