import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Logger, Problem } from "@quintet/http";
import type { ClientAddress } from "../client-address.ts";
import type { AuditEntry, KeepEntry } from "./audit-entry.ts";

/** A write by staff that is about to happen. */
export interface StaffAction {
  actorId: number;
  method: string;
  route: string;
  path: string;
  clientAddress: ClientAddress;
}

/**
 * Logs a write by staff before it happens; throws a 503 when it cannot be stored, so that nothing happens unlogged. Returns a
 * function that logs its HTTP status, without waiting; it never throws.
 */
export type BeginAction = (action: StaffAction) => Promise<(status: number) => void>;

const maxWaiting = 10_000;
const pauseMs = 500;

/** Logs the actions of staff with `keep`; outcomes that cannot be stored wait in memory. `now` is the wall clock in ms. */
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
          log?.error({ err: error }, `Outcomes of ${waiting.length} staff actions are missing in the audit log`);
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
        throw new Problem("unavailable", "The audit log is unavailable, so the request was not carried out.", {
          headers: { "Retry-After": "2" },
          cause: error,
        });
      });
      return (status) => {
        if (waiting.length >= maxWaiting) return; // Its beginning is logged.
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

/** The first `max` characters, without half a surrogate pair at the end. */
function start(text: string, max: number): string {
  return text.slice(0, max).toWellFormed();
}
