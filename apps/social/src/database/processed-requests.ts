import { type ProcessedRequests, pending, runOnce } from "@quintet/db";
import { type KeyedRequest, keyHours } from "@quintet/http";
import { type Database, type Transaction, unwrapDriverError } from "./database.ts";
import { and, eq, sql } from "./drizzle.ts";
import { processedRequests } from "./schema.ts";

/**
 * Runs `work` once for a keyed request, in one transaction with the record of its result (JSON, in which fields that end in `At` are dates).
 * Without a key it just runs. When `work` rejects, everything is rolled back and nothing is recorded.
 */
export async function runOncePerKey<T>(
  db: Database,
  request: KeyedRequest | undefined,
  work: (on: Database | Transaction) => Promise<T>,
): Promise<T> {
  if (request === undefined) return work(db);
  const result = db.transaction((tx) => runOnce(processedRequestsIn(tx), request, () => work(tx)));
  return withDates("", await unwrapDriverError(result)) as T;
}

/** The value with dates for the texts of fields whose names end in `At`. */
function withDates(name: string, value: unknown): unknown {
  if (typeof value === "string" && name.endsWith("At")) return new Date(value);
  if (Array.isArray(value)) return value.map((item) => withDates("", item));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withDates(key, field)]));
}

function processedRequestsIn(tx: Transaction): ProcessedRequests {
  const since = sql`now() - make_interval(hours => ${keyHours})`;
  const { requestKey, fingerprint, result, doneAt } = processedRequests;
  const find: ProcessedRequests["find"] = async ({ key }) => {
    const found = tx.select({ fingerprint, result }).from(processedRequests);
    return (await unwrapDriverError(found.where(and(eq(requestKey, key), sql`${doneAt} > ${since}`))))[0];
  };
  return {
    async begin(request) {
      const record = { requestKey: request.key, fingerprint: request.fingerprint, result: pending };
      const insert = tx
        .insert(processedRequests)
        .values(record)
        .onConflictDoUpdate({
          target: requestKey,
          set: { ...record, doneAt: sql`now()` },
          setWhere: sql`${doneAt} <= ${since}`,
        });
      const taken = await unwrapDriverError(insert.returning({ requestKey }));
      return taken.length === 1 ? undefined : find(request);
    },
    async complete({ key }, text) {
      await unwrapDriverError(tx.update(processedRequests).set({ result: text }).where(eq(requestKey, key)));
    },
    find,
  };
}
