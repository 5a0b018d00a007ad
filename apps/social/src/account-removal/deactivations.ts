import type { Auth } from "@quintet/auth";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql } from "../database/drizzle.ts";
import { everybody, hidden, hiddenReasons, profiles } from "../database/schema.ts";

/** How many accounts one round asks the issuer about, beside those that have just changed. */
const perRound = 20;

/** Hides the profile of a deactivated account from everybody, and shows it again once it is active. Repeating it changes nothing. */
async function setActive(db: Database, id: number, isActive: boolean): Promise<void> {
  const run = db.transaction(async (tx) => {
    const deactivatedAt = isActive ? sql`null` : sql`coalesce(${profiles.deactivatedAt}, now())`;
    const changed = await unwrapDriverError(
      tx.execute(sql`
      update ${profiles} set deactivated_at = ${deactivatedAt}, checked_at = now() where ${profiles.id} = ${id} returning 1`),
    );
    if (changed.length === 0) return;
    const row = sql`${everybody}::bigint, ${id}::bigint, ${hiddenReasons.deactivated}::smallint`;
    await unwrapDriverError(
      tx.execute(
        isActive
          ? sql`delete from ${hidden} where (viewer_id, author_id, reason) = (${row})`
          : sql`insert into ${hidden} (viewer_id, author_id, reason) values (${row}) on conflict do nothing`,
      ),
    );
  });
  await unwrapDriverError(run);
}

/**
 * Learns from the issuer which accounts are deactivated. Each round asks about those whose sign-ins have ended since the last one, about some
 * of those that are known to be deactivated, and about some of all others, the longest not asked about first: a change that another program
 * makes in the issuer's table is found by these. Throws while the issuer is unavailable, and asks about the same accounts again then.
 */
export function deactivationCheck(db: Database, auth: Pick<Auth, "activeAccount" | "changedAccounts">) {
  let since = 0;
  const due = (where: ReturnType<typeof sql>) => sql`(
    select ${profiles.id} as id from ${profiles} where ${where} order by ${profiles.checkedAt} limit ${sql.raw(String(perRound))})`;
  return async (signal?: AbortSignal): Promise<void> => {
    const changed = auth.changedAccounts(since);
    const rows = await unwrapDriverError(
      db.execute<{ id: string }>(sql`
        ${due(sql`${profiles.deletedAt} is null and ${profiles.checkedAt} < now() - interval '1 minute'`)}
        union ${due(sql`${profiles.deactivatedAt} is not null`)}
        union select ${profiles.id} from ${profiles} where ${profiles.id} = any(${`{${changed.ids.join(",")}}`}::bigint[])`),
    );
    for (const { id } of rows) {
      if (signal?.aborted) return;
      const account = await auth.activeAccount(Number(id));
      await setActive(db, Number(id), account !== undefined);
    }
    since = changed.version;
  };
}
