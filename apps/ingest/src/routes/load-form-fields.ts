import { inputFaults, Problem } from "@quintet/http";
import type { Texts } from "@quintet/pages";
import { z } from "zod";
import type { LoadOptions } from "../loads/load.ts";
import type { LoadField } from "../pages/load-form.ts";
import { assignedColumns, isAssignment } from "./assigned-columns.ts";
import { csvQuery } from "./csv.ts";

interface Property {
  enum?: string[];
  default?: unknown;
  description?: string;
}

const { properties } = z.toJSONSchema(csvQuery, { io: "input" }) as { properties: Record<string, Property> };

/** The parameters that the form has in another way: a button, and the columns of the file. */
const elsewhere = new Set(["dryRun", "map"]);

const commonZones = ["UTC", "Europe/Berlin", "America/Bogota", "America/New_York", "Asia/Kolkata", "+02:00"];
const commonEncodings = ["utf-8", "windows-1252", "iso-8859-15", "utf-16le", "windows-1251", "shift_jis", "gbk"];
const asFound = ["", "As found"] as const;

/** What the form says of parameters, where that is not what the documentation says. */
const words: Record<string, Partial<LoadField>> = {
  mode: {
    label: "Rows that are there",
    group: "rows",
    options: [
      ["insert", "stay; a row of the file with the same key is rejected"],
      ["upsert", "are replaced where a row of the file has the same key"],
      ["merge", "are replaced by those with the same key, and deleted where the file has none"],
      ["replace", "are all replaced by those of the file, in one step"],
    ],
  },
  delimiter: {
    group: "writing",
    hint: "Between fields.",
    suggestions: ["comma", "semicolon", "tab", "pipe", "space"],
  },
  encoding: {
    group: "writing",
    hint: "Try windows-1252 when letters such as é look wrong.",
    suggestions: commonEncodings,
  },
  header: {
    group: "writing",
    label: "First line",
    options: [
      ["auto", "As found"],
      ["true", "has the names of the columns"],
      ["false", "is a row"],
    ],
  },
  decimal: {
    group: "writing",
    label: "Decimal sign",
    options: [asFound, [".", "Point: 1.5"], [",", "Comma: 1,5"]],
  },
  dateFormat: {
    group: "writing",
    hint: "Of dates and times.",
    suggestions: ["DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD/MM/YYYY HH:mm", "YYYY-MM-DD HH:mm:ss"],
  },
  defaultZone: { group: "writing", label: "Time zone", hint: "Of times without one.", suggestions: commonZones },
  extra: {
    label: "Unknown columns",
    options: [
      ["reject", "The file is refused"],
      ["ignore", "They are left out"],
    ],
  },
  onError: {
    label: "After a rejected row",
    options: [
      ["skip", "Read on"],
      ["abort", "End the load"],
    ],
  },
  maxRejects: {
    label: "Rejected rows at most",
    hint: "A number or a share such as 0.5%. With more, nothing is stored.",
  },
  allowEmpty: {
    label: "A file without rows",
    options: [
      ["false", "is refused where it would empty the table"],
      ["true", "may empty the table"],
    ],
  },
  sheet: { label: "Sheet of a workbook", hint: "Its name or number; the first one by default." },
  quote: { hint: "Around fields; or none." },
  escape: { hint: "Before a special character; or none." },
  skip: { label: "Lines to skip", hint: "At the beginning, 0 to 1000." },
  comment: { label: "Comments", hint: "What lines that are not read begin with." },
  missing: { label: "Texts that are no value", hint: "Separated by commas: NA,NULL,-" },
  thousands: { label: "Thousands separator", hint: "Such as . or space; or none." },
  round: {
    label: "Values that are too precise",
    options: [asFound, ["true", "are rounded"], ["false", "are rejected"]],
  },
  trueValues: { label: "Texts of true", hint: "Separated by commas: Ja,J,1" },
  falseValues: { label: "Texts of false", hint: "Separated by commas." },
  trim: { label: "Spaces around fields", options: [asFound, ["true", "are left out"], ["false", "stay"]] },
  trailingDelimiter: { label: "A delimiter ends each line", options: [asFound, ["true", "Yes"], ["false", "No"]] },
  lineEnd: { label: "Line ends", hint: "With mixed, also a lone CR, or CR CR LF beside others." },
};

/** `maxRejects` is "Max rejects". */
function labelOf(name: string): string {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The choices of a parameter, its default first; without a default, what the file itself has. */
function choicesOf({ enum: values = [], default: first }: Property): (readonly [string, string])[] {
  const sorted = [...values].sort((a, b) => Number(b === first) - Number(a === first));
  const texts: Record<string, string> = { true: "Yes", false: "No" };
  const choices = sorted.map((value) => [value, texts[value] ?? value] as const);
  return first === undefined ? [asFound, ...choices] : choices;
}

/** A field for each parameter of `POST /{table}/csv`, in its order. */
export const loadFields: readonly LoadField[] = Object.entries(properties)
  .filter(([name]) => !elsewhere.has(name))
  .map(([name, property]) => ({
    name,
    group: "rare",
    label: labelOf(name),
    ...(words[name]?.options === undefined && { hint: (property.description ?? "").replaceAll("`", "") }),
    optional: true,
    ...(property.enum && { options: choicesOf(property) }),
    ...words[name],
  }));

/** The parameters that a form means. An empty field is the default. Throws a 422 that names each wrong field, also an unknown one. */
export function loadQueryFrom(texts: Texts, dryRun: boolean): z.output<typeof csvQuery> {
  const given = Object.entries(texts).filter(([name, text]) => text.trim() !== "" && !isAssignment(name));
  const query = { ...Object.fromEntries(given), ...assignedColumns(texts), ...(dryRun && { dryRun: "true" }) };
  const read = csvQuery.safeParse(query);
  if (read.success) return read.data;
  const errors = inputFaults(read.error);
  throw new Problem("unprocessable", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}

/** The fields of a form that loads as these options say, where they are not the default. */
export function textsFrom({
  table,
  mode,
  header,
  onError,
  extra,
  maxRejects,
  allowEmpty,
  map,
  dialect,
}: LoadOptions): Texts {
  const text = (value: unknown) => (value === null ? "none" : Array.isArray(value) ? value.join(",") : String(value));
  return {
    table,
    mode,
    ...(header !== "auto" && { header }),
    ...(onError !== "skip" && { onError }),
    ...(extra !== "reject" && { extra }),
    ...(maxRejects !== null && { maxRejects }),
    ...(allowEmpty && { allowEmpty: "true" }),
    ...(Object.keys(map).length > 0 && { map: JSON.stringify(map) }),
    ...Object.fromEntries(Object.entries(dialect).map(([name, value]) => [name, text(value)])),
  };
}
