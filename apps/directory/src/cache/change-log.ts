import type { PostgresSql } from "@quintet/db";
import type { CachedEntry } from "./cached-entry.ts";
import { readNewChanges } from "./change-queries.ts";
import { affects, type Change } from "./changes.ts";
import { singleFlight } from "./single-flight.ts";
import { parseSnapshot, type Snapshot, sees, seesAllOf } from "./snapshot.ts";

/** A point in the log of changes, taken when a request arrives. */
export interface ReadPoint {
  /** The Postgres snapshot at that time, as the text of a `pg_snapshot`. */
  snapshot: string;
  /** The server of that snapshot, identified by its start time. */
  server: string;
  /** How many changes had been read by then. */
  position: number;
}

/** What the log needs to know of a cached entry. */
type Snapshotted = Pick<CachedEntry, "snapshot" | "until" | "server" | "scope">;

/** The recent changes, which decide whether a cached response is still current. */
export interface ChangeLog {
  /** The current point: includes every write confirmed before the call. Rejects when Postgres is unavailable. */
  readPoint(): Promise<ReadPoint>;
  /** Whether no change up to `readPoint` can affect the entry. False when that is unknown. */
  isCurrent(entry: Snapshotted, readPoint: ReadPoint): boolean;
}

/** The max number of changes kept in memory; an entry older than all of them is computed again. */
const maxChanges = 5000;

/**
 * Follows `directory.changes` over a separate connection. Changes before the first read are unknown, so entries computed earlier
 * are not current. Neither are entries of another server, for example after a failover or a restore.
 */
export function followChanges(sql: PostgresSql): ChangeLog {
  // `changes` has everything that was committed and that `start` does not see; the first of them has the number `removed`.
  let changes: Change[] = [];
  let removed = 0;
  let start: Snapshot | undefined;
  let last: { snapshot: string; server: string } | undefined;
  /** The position up to which an entry was checked. */
  const checkedUpTo = new WeakMap<Snapshotted, number>();

  const readPoint = singleFlight(async (): Promise<ReadPoint> => {
    const { snapshot, server, changes: newChanges } = await readNewChanges(sql, last?.snapshot);
    if (newChanges === undefined || last === undefined || last.server !== server) {
      // Starts over, beyond every earlier position.
      removed += changes.length + 1;
      changes = [];
      start = parseSnapshot(snapshot);
    } else if (changes.length + newChanges.length > maxChanges) {
      removed += changes.length;
      changes = newChanges;
      start = parseSnapshot(last.snapshot);
    } else {
      changes.push(...newChanges);
    }
    last = { snapshot, server };
    return { snapshot, server, position: removed + changes.length };
  });

  return {
    readPoint,
    isCurrent(entry, { position }) {
      if (entry.server !== last?.server) return false;
      const upTo = checkedUpTo.get(entry) ?? -1;
      if (upTo >= position) return true;
      const from = Math.max(upTo, removed);
      const seen = parseSnapshot(entry.snapshot);
      // No change between the entry's snapshot and the first known change may be missing.
      if (upTo < removed && (start === undefined || !seesAllOf(seen, start))) return false;
      const until = parseSnapshot(entry.until);
      for (const change of changes.slice(from - removed, Math.max(position - removed, 0))) {
        if (sees(seen, change.xid)) continue;
        const { scope } = entry;
        if (affects(change, sees(until, change.xid) ? { ...scope, span: undefined } : scope)) return false;
      }
      checkedUpTo.set(entry, position);
      return true;
    },
  };
}
