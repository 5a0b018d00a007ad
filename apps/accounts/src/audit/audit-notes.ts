import type { ClientAddress } from "@quintet/auth";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { Actor } from "./actor.ts";
import { type AuditAction, addEvent } from "./audit-queries.ts";

/**
 * Logs a change of an account over the connection of the change, so that neither happens without the other. The account is null
 * when none is known.
 */
export type Note = (
  db: MysqlPool | MysqlConnection,
  what: { accountId: number | null; action: AuditAction; subject?: string },
  by: Actor | undefined,
) => Promise<void>;

/** The writer of the audit log. `addressOf` determines the address of a client; `now` is the wall clock in ms. */
export function createNote(
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined,
  now: () => number,
): Note {
  return (db, { accountId, action, subject = null as string | null }, by) =>
    addEvent(db, {
      at: new Date(now()),
      actorId: by?.accountId ?? null,
      accountId,
      action,
      subject,
      address: addressOf(by?.clientAddress)?.slice(0, 64) ?? null,
      requestId: by?.clientAddress?.requestId?.slice(0, 128) ?? null,
    });
}
