import type { MysqlPool } from "@quintet/db";
import { select } from "../database.ts";
import { visibleStatuses } from "../properties/statuses.ts";
import { type Statements, withLines } from "../sql/statements.ts";
import { maxId } from "../term-index/id-sets.ts";
import type { Finding } from "./findings.ts";
import { readSource } from "./read-source.ts";
import { Statuses } from "./statuses.ts";

/** Rules that rows may break: which rows, and what the app does with them. */
const rules: Record<string, [rows: string, consequence: string]> = {
  "no-address": ["Properties without an address", "It is null in responses and has no words."],
  "no-city": ["Properties without a city", "No search by city finds them."],
  "no-price": ["Properties without a price", "No search by price finds them; in ascending order they come last."],
  "no-description": ["Properties without a description", "It is null in responses and has no words."],
  "no-year": ["Properties without a year", "No search by year finds them; in ascending order they come last."],
  "long-address": [
    "Properties with an address of more than 200 characters",
    "The API shows it, but does not write one.",
  ],
  "long-city": ["Properties with a city of more than 255 characters", "Searches compare the first 255."],
  "long-description": [
    "Properties with a description of more than 5000 characters",
    "The API shows it, but does not write one.",
  ],
  "other-price": [
    "Properties with a price below 0 or of more than 15 digits",
    "The API does not write one; the latter are sorted as if they had none.",
  ],
  "other-year": ["Properties with a year before 1800 or after 2100", "The API shows it, but does not write one."],
  "other-id": [`Properties with an id below 0 or above ${maxId}`, "No search finds them."],
  nowhere: ["Properties with coordinates that are not on the Earth", "They are no place."],
  "no-history": ["Properties without a history", "Only staff can see them, by their ids."],
  "no-property": ["Entries of `status_history` of no property that exists", "They are ignored."],
  "no-status": [
    "Entries of `status_history` with a status that is not in `status`",
    "A property whose latest entry is one is not visible.",
  ],
  "no-date": ["Entries of `status_history` without a date", "They are older than any other."],
  "zero-date": [
    "Entries of `status_history` with a date that no calendar has, such as 0000-00-00",
    "They are older than any other.",
  ],
  "future-date": ["Entries of `status_history` of the future", "The latest one is the current status all the same."],
};

/**
 * Looks at the rows of tables that `readFindings` has not refused, each table once, and changes nothing: notes on those that break a rule,
 * with their number and some ids. Tables that are missing have no rows.
 */
export async function readRowFindings(pool: MysqlPool, statements: Statements): Promise<Finding[]> {
  const tables = new Set((await select(pool, statements.columns, {})).map(({ tableName }) => tableName));
  const has = (...names: string[]) => new Set(names).isSubsetOf(tables);
  const odd: { kind: string; count: number; ids: string | null }[] = [];
  if (has("property")) {
    const { columns } = await readSource(pool, statements);
    odd.push(...(await select(pool, withLines(statements["odd-properties"], columns), { maxId })));
  }
  if (has("property", "status_history")) {
    const found = await select(pool, statements["without-history"], {});
    odd.push(...found.filter(({ count }) => count > 0).map((some) => ({ kind: "no-history", ...some })));
  }
  if (has("property", "status_history", "status")) odd.push(...(await select(pool, statements["odd-history"], {})));
  const names = has("status") ? notesOfStatuses(new Statuses(await select(pool, statements.statuses, {}))) : [];
  const texts = odd.map(({ kind, count, ids }) => {
    const [rows, consequence] = rules[kind] ?? [kind, ""];
    return `${rows}: ${count} (${ids}${count > 5 ? ", …" : ""}). ${consequence}`;
  });
  return [...names, ...texts].map((text) => ({ kind: "note", text }));
}

function notesOfStatuses(statuses: Statuses): string[] {
  const missing = visibleStatuses.filter((name) => statuses.idsOf(name).length === 0);
  if (missing.length === 0) return [];
  const all = missing.length === visibleStatuses.length ? " No property is visible." : "";
  return [
    `\`status\` has no row with the name ${missing.join(", ")}: no property has that status, and setting it is a 422.${all}`,
  ];
}
