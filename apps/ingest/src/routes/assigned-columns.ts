import type { Texts } from "@quintet/pages";
import { plainName } from "../csv/header.ts";
import { notAssigned } from "../pages/column-choice.ts";

const assignment = /^(from|into)\.(\d{1,4})$/;

/** Whether a field of the form is about a column of the file: `from.N` is its name in the header, `into.N` the column that it goes into. */
export function isAssignment(name: string): boolean {
  return assignment.test(name);
}

/** The `map` and `extra` that the form means by the columns of the file; nothing when it shows none. */
export function assignedColumns(texts: Texts): { map?: string; extra?: "ignore" } {
  const map: Record<string, string> = {};
  let leftOut = false;
  let open = false;
  for (const [name, from] of Object.entries(texts)) {
    const [, kind, at] = assignment.exec(name) ?? [];
    if (kind !== "from") continue;
    const into = texts[`into.${at}`] ?? "";
    if (into === notAssigned) open = true;
    else if (into === "") leftOut = true;
    else if (plainName(from) !== plainName(into)) map[from] = into;
  }
  return {
    ...(Object.keys(map).length > 0 && { map: JSON.stringify(map) }),
    // As long as a column is not assigned, the file is refused, and its name is among the reasons.
    ...(leftOut && !open && { extra: "ignore" as const }),
  };
}
