import { Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { handleFinder } from "./handle-queries.ts";
import { idInHandle } from "./handles.ts";

/** A person as a path names them. */
export type PersonRef = { id: number } | { handle: string };

/** Finds the id that a path means. Whether the person may be seen is decided by what reads them. Throws 404 for an unknown handle. */
export function personIds(db: Database) {
  const find = handleFinder(db);
  return async (ref: PersonRef): Promise<number> => {
    if ("id" in ref) return Number.isSafeInteger(ref.id) ? ref.id : 0;
    const id = idInHandle(ref.handle) ?? (await find(ref.handle));
    if (id === undefined) throw new Problem("not-found", "User not found.");
    return id;
  };
}
