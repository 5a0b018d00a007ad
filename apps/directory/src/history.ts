import type { PostgresSql } from "@quintet/db";
import { readNews } from "./change-queries.ts";
import { type Change, type Scope, touches } from "./changes.ts";
import { joinRuns } from "./joined-runs.ts";
import { parseSnapshot, type Snapshot, sees, seesAllOf } from "./snapshot.ts";

/** How things stood when a request came. */
export interface Moment {
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
  scope: Scope;
}

/** What was changed of late, by which a response that was made before is known to hold or not. */
export interface History {
  /** Now: every write that was confirmed before this was called is known. Rejects when Postgres is unavailable. */
  now(): Promise<Moment>;
  /** Whether nothing that was committed up to then can have changed it. False when that is not known. */
  holds(made: Made, moment: Moment): boolean;
}

/** So many changes are remembered; what is older than all of them is made anew. */
const remembered = 5000;

/**
 * Follows `directory.changes`, over a connection of its own. What happened before it began to is not known: what was made
 * before then is not believed. Nor is what was made of another server, such as one that has failed over, or a restored one.
 */
export function followChanges(sql: PostgresSql): History {
  // `changes` has all that was committed and is not seen by `start`; the first of them has the number `removed`.
  let changes: Change[] = [];
  let removed = 0;
  let start: Snapshot | undefined;
  let last: { snapshot: string; server: string } | undefined;
  /** Up to which position something is known to hold. */
  const known = new WeakMap<Made, number>();

  const now = joinRuns(async (): Promise<Moment> => {
    const { snapshot, server, changes: news } = await readNews(sql, last?.snapshot);
    if (news === undefined || last === undefined || last.server !== server) {
      // Begins anew, past every position that was known.
      removed += changes.length + 1;
      changes = [];
      start = parseSnapshot(snapshot);
    } else if (changes.length + news.length > remembered) {
      removed += changes.length;
      changes = news;
      start = parseSnapshot(last.snapshot);
    } else {
      changes.push(...news);
    }
    last = { snapshot, server };
    return { snapshot, server, position: removed + changes.length };
  });

  return {
    now,
    holds(made, { position }) {
      if (made.server !== last?.server) return false;
      const upTo = known.get(made) ?? -1;
      if (upTo >= position) return true;
      const from = Math.max(upTo, removed);
      const seen = parseSnapshot(made.snapshot);
      // Nothing between then and the first change that is known may be missing.
      if (upTo < removed && (start === undefined || !seesAllOf(seen, start))) return false;
      const ready = parseSnapshot(made.until);
      for (const change of changes.slice(from - removed, Math.max(position - removed, 0))) {
        if (sees(seen, change.xid)) continue;
        const { scope } = made;
        if (touches(change, sees(ready, change.xid) ? { ...scope, span: undefined } : scope)) return false;
      }
      known.set(made, position);
      return true;
    },
  };
}
