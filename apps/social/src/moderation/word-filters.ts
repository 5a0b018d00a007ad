import { Problem } from "@quintet/http";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq, sql } from "../database/drizzle.ts";
import { wordFilters } from "../database/moderation-tables.ts";
import { wordKey } from "./word-key.ts";

export type WordFilter = typeof wordFilters.$inferSelect;
export const maxWordFilters = 1000;

/** Words and phrases that nobody may write, or that are reported. All are read with each write, so there are at most `maxWordFilters`. */
export function createWordFilters(db: Database) {
  return {
    list: (): Promise<WordFilter[]> => unwrapDriverError(db.select().from(wordFilters).orderBy(wordFilters.key)),
    /** Throws 409 when there is one of the same words, or when there are `maxWordFilters`; 422 without a letter or digit. */
    async add(staff: number, phrase: string, action: WordFilter["action"]): Promise<WordFilter> {
      const key = wordKey(phrase);
      if (key === "") throw unprocessable("phrase", "must have a letter or a digit");
      const [counted] = await unwrapDriverError(db.select({ count: sql<number>`count(*)::int` }).from(wordFilters));
      if ((counted?.count ?? 0) >= maxWordFilters)
        throw new Problem("conflict", `There are ${maxWordFilters} already.`);
      const added = db.insert(wordFilters).values({ phrase, key, action, createdBy: staff }).onConflictDoNothing();
      const [filter] = await unwrapDriverError(added.returning());
      if (!filter) throw new Problem("conflict", "There is a filter of these words already.");
      return filter;
    },
    async remove(id: number): Promise<void> {
      const removed = db.delete(wordFilters).where(eq(wordFilters.id, id));
      const rows = await unwrapDriverError(removed.returning({ id: wordFilters.id }));
      if (rows.length === 0) throw new Problem("not-found", "Word filter not found.");
    },
  };
}

function unprocessable(path: string, message: string): Problem {
  return new Problem("unprocessable", `${path}: ${message}`, { errors: [{ path, message }] });
}
