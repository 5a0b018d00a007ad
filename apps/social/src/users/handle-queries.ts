import { Problem } from "@quintet/http";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { eq, sql, unionAll } from "../database/drizzle.ts";
import { formerHandles } from "../database/people-tables.ts";
import { profiles } from "../database/schema.ts";
import { handleKey } from "./handles.ts";

/** A handle is changed at most once in this time. */
const changeDays = 30;
/** For this time a former handle leads to its former holder, and nobody else can choose it. */
const keptDays = 90;

const isKept = sql`${formerHandles.until} > now()`;

/** Who holds a handle that cannot be told from this one, now or until a while ago; undefined when it is free. */
export async function handleHolder(on: Database | Transaction, handle: string): Promise<number | undefined> {
  const key = handleKey(handle);
  const [found] = await unwrapDriverError(
    on.execute<{ id: string }>(sql`
      select ${profiles.id} as id from ${profiles} where ${profiles.handleKey} = ${key}
      union all
      select ${formerHandles.profileId} from ${formerHandles} where ${formerHandles.handleKey} = ${key} and ${isKept}
      limit 1`),
  );
  return found && Number(found.id);
}

export function handleTaken(): Problem {
  const message = "is taken, or looks like one that is";
  return new Problem("conflict", `handle: ${message}`, { errors: [{ path: "handle", message }] });
}

/**
 * Sets the handle of an account, whose profile this transaction has locked, and keeps the one before. The locks on both handles exclude
 * another account that takes either of them meanwhile. Throws 409 when it is taken, and within `changeDays` of the last change.
 */
export async function setHandle(tx: Transaction, id: number, handle: string): Promise<void> {
  const fields = { handle: profiles.handle, handleKey: profiles.handleKey };
  const tooEarly = sql<boolean>`coalesce(${profiles.handleChangedAt} > now() - make_interval(days => ${changeDays}), false)`;
  const found = tx.select({ ...fields, changedAt: profiles.handleChangedAt, tooEarly }).from(profiles);
  const [current] = await unwrapDriverError(found.where(eq(profiles.id, id)));
  if (!current || current.handle === handle) return;
  const key = handleKey(handle);
  const sameKey = current.handleKey === key;
  if (!sameKey) {
    for (const locked of [key, ...(current.handleKey === null ? [] : [current.handleKey])].sort()) {
      await unwrapDriverError(
        tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`handle ${locked}`}, 0))`),
      );
    }
    const holder = await handleHolder(tx, handle);
    if (holder !== undefined && holder !== id) throw handleTaken();
    if (current.tooEarly) {
      const message = `can be changed once in ${changeDays} days`;
      throw new Problem("conflict", `handle: ${message}`, { errors: [{ path: "handle", message }] });
    }
    await keepHandle(tx, id, current);
    await unwrapDriverError(tx.delete(formerHandles).where(eq(formerHandles.handleKey, key)));
  }
  // The first choice is no change, and neither is another way to write the same.
  const isChange = !sameKey && current.handleKey !== null;
  const changed = { handle, handleKey: key, ...(isChange && { handleChangedAt: sql`now()` }) };
  await unwrapDriverError(tx.update(profiles).set(changed).where(eq(profiles.id, id)));
}

/** Keeps a handle that its holder gives up; the holder has no other row of it. */
export async function keepHandle(
  tx: Transaction,
  profileId: number,
  { handle, handleKey }: { handle: string | null; handleKey: string | null },
): Promise<void> {
  if (handle === null || handleKey === null) return;
  const kept = { handle, profileId, until: sql`now() + make_interval(days => ${keptDays})` };
  const row = tx.insert(formerHandles).values({ handleKey, ...kept });
  await unwrapDriverError(row.onConflictDoUpdate({ target: formerHandles.handleKey, set: kept }));
}

/** Finds who has a handle, or had it until a while ago, written in any case. */
export function handleFinder(db: Database) {
  const written = sql`lower(${sql.placeholder("handle")})`;
  const current = db
    .select({ id: profiles.id })
    .from(profiles)
    .where(sql`${profiles.handleKey} = ${sql.placeholder("key")} and lower(${profiles.handle}) = ${written}`);
  const former = db
    .select({ id: formerHandles.profileId })
    .from(formerHandles)
    .where(
      sql`${formerHandles.handleKey} = ${sql.placeholder("key")} and lower(${formerHandles.handle}) = ${written} and ${isKept}`,
    );
  const find = unionAll(current, former).prepare("social_person_by_handle");
  return async (handle: string): Promise<number | undefined> => {
    const [found] = await unwrapDriverError(find.execute({ handle, key: handleKey(handle) }));
    return found?.id;
  };
}
