import { type Database, select } from "../database.ts";
import { Statuses } from "../source/statuses.ts";
import { mostWaiting, notBuilt } from "./build.ts";
import { applyChanges } from "./changes.ts";
import { historyPoll } from "./poll.ts";

/** How long a read waits for listings to follow what was written before it, in ms. Then it reads them as they are. */
const patienceMs = 2000;

/**
 * What every read of `listing` begins with: has the listings follow all that was committed before the call, and returns the statuses as
 * they are. Throws `unavailable` while listings are missing. Calls that come while a check runs share the next one.
 */
export function freshness(db: () => Database): () => Promise<Statuses> {
  const poll = historyPoll();
  return shared(async (): Promise<Statuses> => {
    if ((await db().source()).capture === "poll") await poll(db());
    const { pool, statements } = db();
    const rows = await select(pool, statements.current, { most: mostWaiting + 1 });
    const state = rows.find(({ id }) => id === null);
    if (state?.complete !== 1) throw await notBuilt(db());
    const waiting = Number(state.waiting);
    if (waiting > 0 && waiting <= mostWaiting) await applyChanges(db(), AbortSignal.timeout(patienceMs));
    return new Statuses(rows.flatMap(({ id, name }) => (id === null ? [] : [{ id, name }])));
  });
}

/** `work` for all callers that wait for its next run together: a run that has begun may have missed what a later caller means. */
export function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  return () => {
    next ??= (async () => {
      await running?.catch(() => {});
      const now = work();
      [running, next] = [now, undefined];
      return now;
    })();
    return next;
  };
}
