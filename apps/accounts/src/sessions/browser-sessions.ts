import { createHash } from "node:crypto";
import type { ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { findById, type StoredAccount } from "../accounts/account-queries.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { ReadSeenFrom } from "./seen-from.ts";

/** The client id of sign-ins on the pages. */
export const browserClient = "browser";

/** The session of a signed-in browser. */
export interface BrowserSession {
  id: string;
  account: StoredAccount;
}

/** Sign-ins on the pages: like others, but the token in the cookie is never rotated and expires after 30 days. */
export interface BrowserSessions {
  find(token: string): Promise<BrowserSession | undefined>;
  /** Keeps that a session is in use, and where from. */
  recordUse(id: string, clientAddress: ClientAddress): Promise<void>;
  end(token: string): Promise<void>;
}

export function createBrowserSessions(options: {
  pool: MysqlPool;
  refresh: RefreshTokens;
  seenFrom: ReadSeenFrom;
  now: () => number;
}): BrowserSessions {
  const { pool, refresh, seenFrom, now } = options;
  return {
    async find(token) {
      if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
      const [rows] = await pool.execute<RowDataPacket[]>(
        `SELECT f.id, f.account_id AS accountId FROM auth_refresh_token t JOIN auth_refresh_family f ON f.id = t.family_id
          WHERE t.token_hash = :hash AND f.client_id = :browserClient AND f.revoked_at IS NULL AND f.expires_at > :at`,
        { hash: createHash("sha256").update(token).digest(), browserClient, at: new Date(now()) },
      );
      const account = rows[0] && (await findById(pool, Number(rows[0].accountId)));
      return account?.isActive ? { id: String(rows[0]?.id), account } : undefined;
    },
    async recordUse(id, clientAddress) {
      await pool.execute(
        "UPDATE auth_refresh_family SET used_at = :at, address = :address, user_agent = :userAgent WHERE id = :id",
        { id, at: new Date(now()), ...seenFrom(clientAddress) },
      );
    },
    end: (token) => refresh.revoke(token),
  };
}
