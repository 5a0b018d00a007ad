import { applyChanges } from "./listings/changes.ts";
import { compareBlock } from "./listings/compare.ts";
import { openDatabaseAlone } from "./open-database.ts";
import { readFindings } from "./source/findings.ts";
import { readRowFindings } from "./source/row-findings.ts";

const kinds = { refused: "Refused: ", note: "", advice: "Advice: " };

/**
 * Tells what the app finds in a database, and changes nothing. Returns whether the app can start on it.
 */
export async function reportFindings(url: string, print: (line: string) => void): Promise<boolean> {
  await using db = openDatabaseAlone(url);
  const findings = await readFindings(db.pool, db.statements);
  const refused = findings.some(({ kind }) => kind === "refused");
  // The rows of tables that it cannot use say nothing.
  if (!refused) findings.push(...(await readRowFindings(db.pool, db.statements)));
  for (const { kind, text } of findings) print(`${kinds[kind]}${text}`);
  print(
    refused ? "The app does not start on this database." : "The app can start on this database. Nothing was changed.",
  );
  return !refused;
}

/**
 * Compares all listings with the tables that they follow, block by block, while requests are served; with `mend` makes those that differ
 * again. Returns how many differ.
 */
export async function compareListings(url: string, mend: boolean, print: (line: string) => void): Promise<number> {
  await using db = openDatabaseAlone(url);
  await applyChanges(db);
  let count = 0;
  let from: number | undefined = 0;
  while (from !== undefined) {
    const part = await compareBlock(db, from, mend);
    for (const id of part?.different ?? []) print(`The listing of property ${id} differs${mend ? ": made again" : ""}`);
    count += part?.different.length ?? 0;
    if (mend) await applyChanges(db);
    from = part?.next;
  }
  print(`${count} listings ${mend ? "were made again" : "differ"}.`);
  return count;
}
