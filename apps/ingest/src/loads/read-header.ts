import type { InputFault } from "@quintet/http";
import { detectHeader, type FileLayout, type HeaderFault, maxLeadBytes } from "../csv/detect-header.ts";
import type { HeaderMode } from "../csv/header.ts";
import type { Table } from "../tables/table.ts";
import type { FileBytes } from "./file-bytes.ts";
import { LoadFailed } from "./load-problem.ts";

const lineFeed = 0x0a;

/**
 * Reads the beginning of a file, of which `first` has been read already, until the columns of its fields are known. Returns them with
 * all bytes read so far. Throws a 422 when the header does not match the columns of the table.
 */
export async function readHeader(
  table: Table,
  header: HeaderMode,
  first: Buffer,
  file: FileBytes,
): Promise<{ layout: FileLayout; lead: Buffer }> {
  let lead = first;
  for (let chunk = first, ended = false; ; ) {
    if (ended || chunk.includes(lineFeed) || lead.length >= maxLeadBytes) {
      const found = detectHeader(table, header, { lead, ended });
      if (found && "fault" in found) throw headerProblem(table.name, found);
      if (found) return { layout: found, lead };
    }
    const next = await file.next();
    if (next.done) {
      ended = true;
    } else {
      chunk = next.value;
      lead = Buffer.concat([lead, chunk]);
    }
  }
}

function headerProblem(table: string, found: HeaderFault): LoadFailed {
  const { unknown, missing, repeated } = found.names;
  const faults = (names: string[], message: string): InputFault[] => names.map((path) => ({ path, message }));
  const errors = [
    ...faults(unknown, `is not a column of ${table}`),
    ...faults(missing, "is missing in the header"),
    ...faults(repeated, "appears more than once"),
  ].slice(0, 100);
  const listed = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  const details: Record<HeaderFault["fault"], string> = {
    "partial header": `line ${found.line} looks like a header, but ${listed}. header=false assigns the columns by position`,
    "no header": `header=true, but line ${found.line} is not a header: ${listed}`,
    "different order": `header=false, but line ${found.line} names the columns in a different order than the table`,
    separator: `the first line declares the separator ${JSON.stringify(found.separator)}, but only commas are supported`,
  };
  return new LoadFailed("unprocessable", `Nothing was stored: ${details[found.fault]}.`, {
    errors:
      found.fault === "different order" || found.fault === "separator"
        ? [{ path: "header", message: details[found.fault] }]
        : errors,
  });
}
