import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Logger, Problem } from "@quintet/http";
import type { ClientAddress } from "../client-address.ts";
import type { AuditEntry, KeepEntry } from "./audit-entry.ts";

/** Something that staff is about to do. */
export interface StaffAction {
  actorId: number;
  method: string;
  route: string;
  path: string;
  clientAddress: ClientAddress;
}

/**
 * Notes what staff is about to do, before it is done: a 503 when that cannot be kept, so that nothing goes unseen. Answers
 * how to note its HTTP status, which takes no time and never fails.
 */
export type BeginAction = (action: StaffAction) => Promise<(status: number) => void>;

const maxWaiting = 10_000;
const pauseMs = 500;

/** Notes the actions of staff with `keep`; outcomes that cannot be kept wait in memory. `now` is in ms. */
export function createStaffActions(options: {
  keep: KeepEntry;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  log?: Logger | undefined;
  now: () => number;
}): { begin: BeginAction } & AsyncDisposable {
  const { keep, addressOf, log, now } = options;
  const waiting: AuditEntry[] = [];
  const closing = new AbortController();
  let keeping: Promise<void> | undefined;

  const keepWaiting = async () => {
    for (let entry = waiting[0]; entry; entry = waiting[0]) {
      try {
        await keep(entry);
        waiting.shift();
      } catch (error) {
        if (closing.signal.aborted) {
          log?.error({ err: error }, `the outcomes of ${waiting.length} actions of staff are not in the audit log`);
          return;
        }
        await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };

  return {
    async begin({ actorId, method, route, path, clientAddress }) {
      const eventId = randomUUID();
      const begun: AuditEntry = {
        kind: "begun",
        eventId,
        at: new Date(now()).toISOString(),
        actorId,
        method: method.slice(0, 16),
        route: start(route, 255),
        path: start(path, 500),
        address: addressOf(clientAddress)?.slice(0, 64) ?? null,
        requestId: clientAddress.requestId?.slice(0, 128) ?? null,
      };
      await keep(begun).catch((error: unknown) => {
        throw new Problem("unavailable", "What staff does cannot be noted just now, so nothing was done.", {
          headers: { "Retry-After": "2" },
          cause: error,
        });
      });
      return (status) => {
        if (waiting.length >= maxWaiting) return; // Its beginning is noted.
        waiting.push({ kind: "ended", eventId, at: new Date(now()).toISOString(), status });
        keeping ??= keepWaiting().finally(() => {
          keeping = undefined;
        });
      };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await keeping;
    },
  };
}

/** The first `most` characters, none of them cut in half. */
function start(text: string, most: number): string {
  return text.slice(0, most).toWellFormed();
}
