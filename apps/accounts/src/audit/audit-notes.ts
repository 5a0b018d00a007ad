import type { ClientAddress } from "@quintet/auth";
import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { Actor } from "./actor.ts";
import { type AuditAction, addEvent } from "./audit-queries.ts";

/**
 * Notes what is done to an account, on the connection of the change itself, so that neither happens without the other. The
 * account is null where none is known.
 */
export type Note = (
  db: MysqlPool | MysqlConnection,
  what: { accountId: number | null; action: AuditAction; subject?: string },
  by: Actor | undefined,
) => Promise<void>;

/** The audit log's writer. `addressOf` says which address of a request is believed; `now` is in ms. */
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
