import type { PostgresSql } from "@quintet/db";
import type { Change, NameKeys } from "./changes.ts";

/** The max number of changes read at once; with more, everything may have changed. */
const maxChanges = 1000;

/** What was committed since a snapshot. */
export interface NewChanges {
  /** The snapshot in which this was read. */
  snapshot: string;
  /** The server of that snapshot, identified by its start time. */
  server: string;
  /** The changes visible now but not in the earlier snapshot; undefined when there are too many or some were deleted. */
  changes: Change[] | undefined;
}

interface Row {
  xid: string;
  user_id: number | null;
  old_last: string | null;
  old_first: string | null;
  new_last: string | null;
  new_first: string | null;
  renamed: boolean;
  bio_changed: boolean;
}

/** Reads, in one statement, the current snapshot and the changes that the snapshot `since` does not see. */
export async function readNewChanges(sql: PostgresSql, since: string | undefined): Promise<NewChanges> {
  const [row] = await sql<{ snapshot: string; server: string; is_whole: boolean | null; changes: Row[] | null }[]>`
    SELECT pg_current_snapshot()::text AS snapshot,
      pg_postmaster_start_time()::text AS server,
      (SELECT removed_below <= pg_snapshot_xmin(${since ?? null}::pg_snapshot) FROM directory.removed_changes) AS is_whole,
      (
        SELECT json_agg(new_change) FROM (
          SELECT xid::text, user_id, old_last, old_first, new_last, new_first, renamed, bio_changed
          FROM directory.changes
          WHERE xid >= pg_snapshot_xmin(${since ?? null}::pg_snapshot)
            AND NOT pg_visible_in_snapshot(xid, ${since ?? null}::pg_snapshot)
          LIMIT ${maxChanges + 1}
        ) AS new_change
      ) AS changes`;
  if (!row) throw new Error("Postgres returned no row for the latest changes.");
  const { snapshot, server, is_whole, changes } = row;
  const isKnown = is_whole === true && (changes?.length ?? 0) <= maxChanges;
  return { snapshot, server, changes: isKnown ? (changes ?? []).map(toChange) : undefined };
}

function toChange(row: Row): Change {
  const xid = Number(row.xid);
  if (row.user_id === null) return { xid, effect: "anything" };
  const effect = {
    userId: row.user_id,
    before: keysOf(row.old_last, row.old_first),
    after: keysOf(row.new_last, row.new_first),
    renamed: row.renamed,
    bioChanged: row.bio_changed,
  };
  return { xid, effect };
}

function keysOf(last: string | null, first: string | null): NameKeys | undefined {
  return last === null || first === null ? undefined : { last, first };
}
