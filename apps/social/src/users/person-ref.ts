import { Problem } from "@quintet/http";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq, sql } from "../database/drizzle.ts";
import { profiles } from "../database/schema.ts";
import { handleKey, idInHandle } from "./handles.ts";

/** A person as a path names them. */
export type PersonRef = { id: number } | { handle: string };

/** Finds the id that a path means. Whether the person may be seen is decided by what reads them. Throws 404 for an unknown handle. */
export function personIds(db: Database) {
  const byKey = db
    .select({ id: profiles.id, handle: profiles.handle })
    .from(profiles)
    .where(eq(profiles.handleKey, sql.placeholder("key")))
    .prepare("social_person_by_handle");
  return async (ref: PersonRef): Promise<number> => {
    if ("id" in ref) return Number.isSafeInteger(ref.id) ? ref.id : 0;
    const id = idInHandle(ref.handle);
    if (id !== undefined) return id;
    const [found] = await unwrapDriverError(byKey.execute({ key: handleKey(ref.handle) }));
    // Who looks for `@anna_` does not mean `@anna`, though nobody may choose both.
    if (found?.handle?.toLowerCase() === ref.handle.toLowerCase()) return found.id;
    throw new Problem("not-found", "User not found.");
  };
}
