/** A field of CSV (RFC 4180), in quotes where it needs them. */
export function csvField(text: string, delimiter = ","): string {
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A text that spreadsheets do not run as a formula: an apostrophe precedes what begins like one (OWASP, "CSV Injection"). */
export function withoutFormula(text: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
}
