/**
 * A Postgres snapshot (`pg_snapshot`): a statement sees every transaction below `xmin`, none from `xmax` on, and of those between
 * the ones that are not in `running`. Transaction ids (xid8) do not reach 2^53 in the lifetime of a server.
 */
export interface Snapshot {
  xmin: number;
  xmax: number;
  running: ReadonlySet<number>;
}

/** Parses `xmin:xmax:running,running,…`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin, xmax, running] = text.split(":");
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: new Set(running ? running.split(",").map(Number) : []),
  };
}

/** Whether a snapshot sees the changes of a transaction. */
export function sees({ xmin, xmax, running }: Snapshot, xid: number): boolean {
  return xid < xmin || (xid < xmax && !running.has(xid));
}

/** Whether a snapshot sees everything that another snapshot of the same server sees. */
export function seesAllOf(snapshot: Snapshot, other: Snapshot): boolean {
  if (snapshot.xmax < other.xmax) return false;
  for (const xid of snapshot.running) if (sees(other, xid)) return false;
  return true;
}
