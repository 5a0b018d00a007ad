import type { PostgresSql } from "@quintet/db";
import { readNewChanges } from "./change-queries.ts";
import { affects, type CacheScope, type Change } from "./changes.ts";
import { singleFlight } from "./single-flight.ts";
import { parseSnapshot, type Snapshot, sees, seesAllOf } from "./snapshot.ts";

/** How things stood when a request came. */
export interface ReadPoint {
  /** What Postgres showed then, as the text of a `pg_snapshot`. */
  snapshot: string;
  /** The server that this is of, from its start on. */
  server: string;
  /** How many changes were known then. */
  position: number;
}

/** Something that was made of what a snapshot showed, or of what was committed after it. */
interface Made {
  snapshot: string;
  /** What Postgres showed when it was ready: of what was committed until then, it may have seen one part and not another. */
  until: string;
  server: string;
  scope: CacheScope;
}

/** What was changed of late, by which a response that was made before is known to hold or not. */
export interface ChangeLog {
  /** Now: every write that was confirmed before this was called is known. Rejects when Postgres is unavailable. */
  readPoint(): Promise<ReadPoint>;
  /** Whether nothing that was committed up to then can have changed it. False when that is not known. */
  isCurrent(made: Made, readPoint: ReadPoint): boolean;
}

/** So many changes are remembered; what is older than all of them is made anew. */
const maxChanges = 5000;

/**
 * Follows `directory.changes`, over a connection of its own. What happened before it began to is not known: what was made
 * before then is not believed. Nor is what was made of another server, such as one that has failed over, or a restored one.
 */
export function followChanges(sql: PostgresSql): ChangeLog {
  // `changes` has all that was committed and is not seen by `start`; the first of them has the number `removed`.
  let changes: Change[] = [];
  let removed = 0;
  let start: Snapshot | undefined;
  let last: { snapshot: string; server: string } | undefined;
  /** Up to which position something is known to hold. */
  const checkedUpTo = new WeakMap<Made, number>();

  const readPoint = singleFlight(async (): Promise<ReadPoint> => {
    const { snapshot, server, changes: newChanges } = await readNewChanges(sql, last?.snapshot);
    if (newChanges === undefined || last === undefined || last.server !== server) {
      // Begins anew, past every position that was known.
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
    isCurrent(made, { position }) {
      if (made.server !== last?.server) return false;
      const upTo = checkedUpTo.get(made) ?? -1;
      if (upTo >= position) return true;
      const from = Math.max(upTo, removed);
      const seen = parseSnapshot(made.snapshot);
      // Nothing between then and the first change that is known may be missing.
      if (upTo < removed && (start === undefined || !seesAllOf(seen, start))) return false;
      const until = parseSnapshot(made.until);
      for (const change of changes.slice(from - removed, Math.max(position - removed, 0))) {
        if (sees(seen, change.xid)) continue;
        const { scope } = made;
        if (affects(change, sees(until, change.xid) ? { ...scope, span: undefined } : scope)) return false;
      }
      checkedUpTo.set(made, position);
      return true;
    },
  };
}
