import type { Reject } from "./row-faults.ts";

export const rejectHeader = "line,column,reason,raw\r\n";

/** Rejects as lines of CSV (RFC 4180), below `rejectHeader`. */
export function rejectLines(rejects: readonly Reject[]): string {
  return rejects
    .map(({ line, column, reason, raw }) => `${line},${column},${quoted(reason)},${quoted(raw)}\r\n`)
    .join("");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
