import type { PostgresSql } from "@quintet/db";
import type { Change, NameKeys } from "./changes.ts";

/** More changes than this at once are as good as all. */
const maxChanges = 1000;

/** What there is new since a snapshot. */
export interface NewChanges {
  /** The snapshot that this was read in. */
  snapshot: string;
  /** Which server that is of, from which start on: snapshots of others have nothing to do with it. */
  server: string;
  /** The changes that are seen now and were not in the snapshot before; undefined when they are too many, or some were removed. */
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

/** Reads, in one statement, what was committed and was not seen by the snapshot `since`, if there is one. */
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
  if (!row) throw new Error("Postgres does not say what has changed.");
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
