import { createHmac, timingSafeEqual } from "node:crypto";

const lifetimeSeconds = 2 * 3600;

/** What a form token permits: one action on one user, or on a new one, by one account. */
export interface FormPurpose {
  account: number;
  action: "add" | "edit" | "delete";
  user?: number;
}

/**
 * A CSRF token for a form of this account: its expiry in seconds since 1970, and an HMAC-SHA256 over the expiry and the purpose.
 */
export function formToken(key: Buffer, purpose: FormPurpose, now = Date.now()): string {
  const end = Math.floor(now / 1000) + lifetimeSeconds;
  return `${end}.${digest(key, purpose, end).toString("base64url")}`;
}

/** Checks the token of a form. */
export function checkFormToken(
  key: Buffer,
  purpose: FormPurpose,
  token: string,
  now = Date.now(),
): "good" | "expired" | "forged" {
  const [, end, mac] = /^(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
  if (end === undefined || mac === undefined) return "forged";
  if (!timingSafeEqual(Buffer.from(mac, "base64url"), digest(key, purpose, Number(end)))) return "forged";
  return Number(end) * 1000 < now ? "expired" : "good";
}

function digest(key: Buffer, { account, action, user }: FormPurpose, end: number): Buffer {
  return createHmac("sha256", key)
    .update(JSON.stringify([account, action, user ?? null, end]))
    .digest();
}
