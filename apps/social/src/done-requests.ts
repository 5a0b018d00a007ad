import { begun, type ProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, keyHours } from "@quintet/http";
import { answerOf, type Database, type Transaction } from "./database.ts";
import { and, eq, sql } from "./drizzle.ts";
import { doneRequests } from "./schema.ts";

/**
 * Does `work` once for a keyed request, in one transaction with the record of what came of it, JSON; without a key it is just done. What
 * rejects is undone and not recorded.
 */
export function doOnce<T>(
  db: Database,
  request: KeyedRequest | undefined,
  work: (on: Database | Transaction) => Promise<T>,
): Promise<T> {
  if (request === undefined) return work(db);
  return answerOf(db.transaction((tx) => runOnce(recordsIn(tx), request, () => work(tx))));
}

function recordsIn(tx: Transaction): ProcessedRequests {
  const since = sql`now() - make_interval(hours => ${keyHours})`;
  const { requestKey, fingerprint, result, doneAt } = doneRequests;
  const find: ProcessedRequests["find"] = async ({ key }) => {
    const found = tx.select({ fingerprint, result }).from(doneRequests);
    return (await answerOf(found.where(and(eq(requestKey, key), sql`${doneAt} > ${since}`))))[0];
  };
  return {
    async begin(request) {
      const record = { requestKey: request.key, fingerprint: request.fingerprint, result: begun };
      const insert = tx
        .insert(doneRequests)
        .values(record)
        .onConflictDoUpdate({
          target: requestKey,
          set: { ...record, doneAt: sql`now()` },
          setWhere: sql`${doneAt} <= ${since}`,
        });
      const taken = await answerOf(insert.returning({ requestKey }));
      return taken.length === 1 ? undefined : find(request);
    },
    async complete({ key }, text) {
      await answerOf(tx.update(doneRequests).set({ result: text }).where(eq(requestKey, key)));
    },
    find,
  };
}
