import { type DoneRequests, once } from "@quintet/db";
import { answerOf, type Database, type Transaction } from "./database.ts";
import { eq, sql } from "./drizzle.ts";
import { doneRequests } from "./schema.ts";

/**
 * Does `work` once for the request of that key, in one transaction with the record of what came of it, JSON; without a key it is
 * just done.
 */
export function doOnce<T>(
  db: Database,
  requestKey: string | undefined,
  work: (on: Database | Transaction) => Promise<T>,
): Promise<T> {
  if (requestKey === undefined) return work(db);
  return answerOf(db.transaction((tx) => once(recordsIn(tx), requestKey, () => work(tx))));
}

function recordsIn(tx: Transaction): DoneRequests {
  return {
    async take(requestKey) {
      const begun = tx.insert(doneRequests).values({ requestKey, result: "" }).onConflictDoNothing();
      return (await answerOf(begun.returning({ requestKey: doneRequests.requestKey }))).length === 1;
    },
    async record(requestKey, result) {
      await answerOf(tx.update(doneRequests).set({ result }).where(eq(doneRequests.requestKey, requestKey)));
    },
    async find(requestKey) {
      const found = tx.select({ result: doneRequests.result }).from(doneRequests);
      return (await answerOf(found.where(eq(doneRequests.requestKey, requestKey))))[0]?.result;
    },
    async sweep(days, most) {
      await tx.execute(sql`
        delete from ${doneRequests} where request_key in (
          select request_key from ${doneRequests} where done_at < now() - make_interval(days => ${days})
          limit ${most} for update skip locked)`);
    },
  };
}
