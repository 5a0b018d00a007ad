import type { InputFault } from "@quintet/http";
import { type FileHead, findHead, type HeadFault, mostLeadBytes } from "../csv/file-head.ts";
import { tableOf } from "../tables.ts";
import type { FileBytes } from "./file-bytes.ts";
import type { LoadOrder } from "./load.ts";
import { LoadRefused } from "./load-problem.ts";

const lineFeed = 0x0a;

/**
 * Reads a file from its beginning, of which `first` was read before, until it is known which field belongs to which column. Returns that
 * with all bytes that were read. 422 when the file names columns that the table has not, or not all that it has.
 */
export async function readHead(
  { table: name, header }: Pick<LoadOrder, "table" | "header">,
  first: Buffer,
  file: FileBytes,
): Promise<{ head: FileHead; lead: Buffer }> {
  const table = tableOf(name);
  let lead = first;
  for (let chunk = first, ended = false; ; ) {
    if (ended || chunk.includes(lineFeed) || lead.length >= mostLeadBytes) {
      const head = findHead(table, header, { lead, ended });
      if (head && "fault" in head) throw refusal(name, head);
      if (head) return { head, lead };
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

function refusal(table: string, head: HeadFault): LoadRefused {
  const { unknown, missing, repeated } = head.names;
  const faults = (names: string[], message: string): InputFault[] => names.map((path) => ({ path, message }));
  const errors = [
    ...faults(unknown, `is no column of ${table}`),
    ...faults(missing, "is not named in the header"),
    ...faults(repeated, "is named more than once"),
  ].slice(0, 100);
  const listed = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  const details: Record<HeadFault["fault"], string> = {
    "half a header": `line ${head.line} looks like a header, but ${listed}. header=false takes the columns by their positions`,
    "no header": `header=true, but line ${head.line} is no header: ${listed}`,
    "another order": `header=false, but line ${head.line} names the columns in another order than the table has them`,
    separator: `the first line says that fields are separated by ${JSON.stringify(head.separator)}, and only commas are read`,
  };
  return new LoadRefused("unprocessable", `Nothing was stored: ${details[head.fault]}.`, {
    errors:
      head.fault === "another order" || head.fault === "separator"
        ? [{ path: "header", message: details[head.fault] }]
        : errors,
  });
}
