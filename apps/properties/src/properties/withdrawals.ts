import { inMysqlTransaction } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { addChange, followWrite } from "../listings/changes.ts";
import { withOptional, withoutNulls } from "../source/optional-columns.ts";
import { withLines } from "../sql/statements.ts";
import { lockVersion, presentProperty } from "./properties.ts";
import type { DatePosition, Property } from "./property.ts";

/**
 * Withdraws a property: it is kept, and only staff can see it. One that is withdrawn stays so. With `ifMatch`, an If-Match header, only that
 * version. Throws `not-found` or `precondition-failed`.
 */
export async function withdrawProperty(db: Database, id: number, ifMatch: string | undefined): Promise<void> {
  await inMysqlTransaction(db.pool, async (on) => {
    await lockVersion(db, on, id, ifMatch);
    await write(on, db.statements.withdraw, { id });
    await addChange(db, on, id);
  });
  await followWrite(db, id);
}

/**
 * Restores a property, which others see again if its status is visible, and returns it. One that is not withdrawn stays as it is. Throws as
 * `withdrawProperty` does.
 */
export async function restoreProperty(db: Database, id: number, ifMatch: string | undefined): Promise<Property> {
  const restored = await inMysqlTransaction(db.pool, async (on) => {
    await lockVersion(db, on, id, ifMatch);
    const { affectedRows } = await write(on, db.statements.restore, { id });
    if (affectedRows > 0) await addChange(db, on, id);
    return presentProperty(db, on, id);
  });
  await followWrite(db, id);
  return restored;
}

/** A page of the withdrawn properties, latest first; `end` is the position of its last one when there are more. */
export async function readWithdrawn(
  db: Database,
  page: { limit: number; after?: DatePosition | undefined },
): Promise<{ properties: Property[]; end: DatePosition | undefined }> {
  const { limit, after } = page;
  const text = await withOptional(db, withLines(db.statements.withdrawn, new Set(after ? ["after"] : [])));
  const position = after ? { afterDate: after.date, afterId: after.id } : {};
  const found = await select(db.searchPool, text, { rows: limit + 1, ...position });
  const shown = found.slice(0, limit).map(withoutNulls);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return { properties: shown, end: last && { date: last.withdrawnAt, id: last.id } };
}
