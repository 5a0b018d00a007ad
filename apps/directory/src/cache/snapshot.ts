/**
 * What a statement in Postgres sees: every transaction below `xmin` and none from `xmax` on; of those between, the ones that are
 * not in `running`. From the text of a `pg_snapshot`. Transaction numbers (xid8) do not reach 2^53 in a server's life.
 */
export interface Snapshot {
  xmin: number;
  xmax: number;
  running: ReadonlySet<number>;
}

/** Reads `xmin:xmax:running,running,…`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin, xmax, running] = text.split(":");
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: new Set(running ? running.split(",").map(Number) : []),
  };
}

/** Whether a snapshot sees what that transaction did. */
export function sees({ xmin, xmax, running }: Snapshot, xid: number): boolean {
  return xid < xmin || (xid < xmax && !running.has(xid));
}

/** Whether a snapshot sees all that another one of the same server sees. */
export function seesAllOf(snapshot: Snapshot, other: Snapshot): boolean {
  if (snapshot.xmax < other.xmax) return false;
  for (const xid of snapshot.running) if (sees(other, xid)) return false;
  return true;
}
