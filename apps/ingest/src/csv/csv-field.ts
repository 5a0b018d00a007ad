/** A field of CSV (RFC 4180), in quotes where it needs them. */
export function csvField(text: string, delimiter = ","): string {
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}
