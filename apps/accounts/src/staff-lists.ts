import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { ListedAccount } from "./accounts/staff-queries.ts";
import type { AuditFilter, ReadEvent } from "./audit/audit-queries.ts";
import type { LocalAuth } from "./local-auth.ts";
import type { Invitation } from "./registration/invitations.ts";

/** The requested page of a list; a forged cursor is a `bad-request` problem. */
interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

/** The paginated lists for staff, for the API and the pages. Cursors are signed with `cursorKey`. */
export function staffLists(auth: Pick<LocalAuth, "staff" | "audit" | "invitations">, cursorKey: Buffer) {
  return {
    /** Accounts, the oldest first; with `q` those whose username or email begins with it. */
    async accounts({ q, limit, cursor }: PageRequest & { q?: string | undefined }) {
      const afterId = cursor === undefined ? 0 : decodeCursor(cursorKey, cursor, z.number().int());
      const found = await auth.staff.list({ text: q, afterId, limit: limit + 1 });
      return cut<ListedAccount>(found, limit, ({ id }) => encodeCursor(cursorKey, id));
    },
    /** Invitations, the newest first. */
    async invitations({ limit, cursor }: PageRequest) {
      const position = decodeCursor(cursorKey, cursor, z.object({ invitation: z.number() }));
      const beforeId = position?.invitation ?? Number.MAX_SAFE_INTEGER;
      const found = await auth.invitations.list({ beforeId, limit: limit + 1 });
      return cut<Invitation>(found, limit, ({ id }) => encodeCursor(cursorKey, { invitation: id }));
    },
    /** Events of the audit log, the most recently stored first. */
    async events({ limit, cursor, ...filter }: PageRequest & AuditFilter) {
      const position = decodeCursor(cursorKey, cursor, z.object({ audit: z.number() }));
      const beforeId = position?.audit ?? Number.MAX_SAFE_INTEGER;
      const found = await auth.audit({ filter, beforeId, limit: limit + 1 });
      return cut<ReadEvent>(found, limit, ({ id }) => encodeCursor(cursorKey, { audit: id }));
    },
  };
}

export type StaffLists = ReturnType<typeof staffLists>;

/** Cuts a page from one row more than it has; `cursorAt` creates the cursor after a row. */
function cut<T>(found: T[], limit: number, cursorAt: (row: T) => string): { rows: T[]; nextCursor: string | null } {
  const last = found.length > limit ? found[limit - 1] : undefined;
  return { rows: found.slice(0, limit), nextCursor: last === undefined ? null : cursorAt(last) };
}
