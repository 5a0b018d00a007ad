import { Problem } from "@quintet/http";
import { LRUCache } from "lru-cache";
import type { Database } from "../database/database.ts";
import { findProfile, type Profile, upsertProfile } from "./profile-queries.ts";

/** The profiles of accounts; each is created when its account first needs one. */
export interface Profiles {
  /** Creates the account's own profile, or updates its email, when necessary. Throws 403 when the person has deleted it. */
  ensure(account: { id: number; email: string }): Promise<void>;
  /** Ensures again at the next time. */
  forget(id: number): void;
  /** The profile of any account; `undefined` when it has none. */
  byId(id: number): Promise<Profile | undefined>;
}

const maxCached = 20_000;
/** Another process may have deleted the profile meanwhile. */
const cacheMs = 30_000;

/** A process remembers the latest `maxCached` profiles that it has ensured: it writes to Postgres only for another account or a new email. */
export function createProfiles(db: Database): Profiles {
  const ensured = new LRUCache<number, string>({ max: maxCached, ttl: cacheMs });
  return {
    async ensure({ id, email }) {
      if (ensured.get(id) === email) return;
      if (!(await upsertProfile(db, { id, email }))) {
        throw new Problem(
          "forbidden",
          "You have deleted your profile: the account can read, but write nothing more here.",
        );
      }
      ensured.set(id, email);
    },
    forget: (id) => {
      ensured.delete(id);
    },
    byId: (id) => findProfile(db, id),
  };
}
