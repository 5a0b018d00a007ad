import { randomUUID } from "node:crypto";
import { type Database, select, write } from "../database.ts";
import { fill, numbered, parameters } from "../sql/statements.ts";

/** Digests of a batch: as many messages as the queue accepts at once. */
const batchSize = 100;
/** Ids of properties in a message. */
const idsOfMessage = 20;

/** What is sent of a saved search. */
export interface DigestMessage {
  type: "saved-search.matched";
  search: { id: number; name: string };
  /** The id of the account that keeps the search. */
  account: number;
  /** How many listings newly match; one that has stopped to match meanwhile, and does so again, counts twice. */
  count: number;
  /** The first of them. */
  properties: number[];
  /** When the first of them was found, in UTC. */
  since: string;
}

/** Messages that are sent together, and again in exactly this way until that has succeeded. */
export interface Batch {
  /** The same for each attempt, and for no other batch. */
  key: string;
  messages: { body: DigestMessage; dedupeId: string }[];
}

/** The batch that has to be sent next: one that was not sent yet, or a new one of digests that are due; of each search one in `seconds`. */
export async function nextBatch(db: Database, seconds: number): Promise<Batch | undefined> {
  return (await sealedBatch(db)) ?? ((await sealDue(db, seconds)) ? sealedBatch(db) : undefined);
}

/** Removes the digests of a batch, which has been sent. */
export async function removeBatch(db: Database, key: string): Promise<void> {
  await write(db.pool, db.statements["sent-batch"], { batch: key });
}

/** Puts digests that are due into a new batch; false when there are none. */
async function sealDue(db: Database, seconds: number): Promise<boolean> {
  const due = await select(db.pool, db.statements["due-digests"], { seconds, rows: batchSize });
  const idsOf = (some: typeof due) =>
    numbered(
      "id",
      some.map(({ id }) => id),
      batchSize,
    );
  const [wanted, gone] = [due.filter(({ searchId }) => searchId !== null), due.filter((one) => one.searchId === null)];
  const parts = { ids: parameters("id", batchSize) };
  if (gone.length > 0) await write(db.pool, fill(db.statements["drop-digests"], parts), idsOf(gone));
  if (wanted.length === 0) return false;
  await write(db.pool, fill(db.statements["seal-digests"], parts), { batch: randomUUID(), ...idsOf(wanted) });
  return true;
}

async function sealedBatch(db: Database): Promise<Batch | undefined> {
  const found = await select(db.pool, db.statements["sealed-digests"], { rows: batchSize });
  const key = found[0]?.batch;
  if (!key) return undefined;
  const messages = found
    .filter(({ batch }) => batch === key)
    .map(({ id, searchId, name, account, matches, ids, createdAt }) => ({
      body: {
        type: "saved-search.matched" as const,
        search: { id: searchId, name: name ?? "" },
        account: account ?? 0,
        count: matches,
        properties: [...new Set(ids.split(",").map(Number))].slice(0, idsOfMessage),
        since: createdAt.toISOString(),
      },
      dedupeId: `${key}-${id}`,
    }));
  return { key, messages };
}
