import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq } from "../database/drizzle.ts";
import { profiles } from "../database/schema.ts";
import { lockPeople } from "../visibility/relation-queries.ts";
import { setHandle } from "./handle-queries.ts";

/** What people say of themselves; absent fields stay as they are. */
export interface ProfileChanges {
  handle?: string | undefined;
  displayName?: string | undefined;
  bio?: string | undefined;
}

/** Changes the profile of an account, all of it or nothing. Throws 409 for a handle that is taken, or was changed a short time ago. */
export async function changeProfile(db: Database, id: number, { handle, ...texts }: ProfileChanges): Promise<void> {
  const run = db.transaction(async (tx) => {
    await lockPeople(tx, [id]);
    if (handle !== undefined) await setHandle(tx, id, handle);
    if (Object.values(texts).some((text) => text !== undefined)) {
      await unwrapDriverError(tx.update(profiles).set(texts).where(eq(profiles.id, id)));
    }
  });
  await unwrapDriverError(run);
}
