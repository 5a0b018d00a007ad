import { setTimeout as pause } from "node:timers/promises";
import type { Auth } from "@quintet/auth";
import { sweeping } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { deactivationCheck } from "./deactivations.ts";
import { removeSome } from "./removal-queries.ts";

/** Removes step by step until nothing is left to do, with pauses in which others have their turn. */
export async function removeAll(db: Database, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted && (await removeSome(db))) await pause(5);
}

/** What goes on without requests: removals, and the state of accounts at the issuer. Starts with `start`, ends with its disposal. */
export function accountWork(db: Database, auth: Auth, log: Logger) {
  const stack = new AsyncDisposableStack();
  const check = deactivationCheck(db, auth);
  const works = [
    sweeping((signal) => removeAll(db, signal), {
      everyMs: 1000,
      onError: (error) => log.warn({ err: error }, "What deleted users leave behind could not be removed"),
    }),
    sweeping(check, {
      everyMs: 2000,
      onError: (error) => log.warn({ err: error }, "The issuer could not be asked which accounts are active"),
    }),
  ];
  for (const work of works) stack.use(work);
  return {
    start: () => {
      for (const work of works) work.start();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
