import { createHmac, timingSafeEqual } from "node:crypto";

const lifetimeSeconds = 2 * 3600;

/** What a form may do with its token: one thing to one user, or to a new one, by one account. */
export interface FormPurpose {
  account: number;
  action: "add" | "edit" | "delete";
  user?: number;
}

/** A token that shows that a form was made here for this account: its end in seconds since 1970, and an HMAC-SHA256 over all. */
export function formToken(key: Buffer, purpose: FormPurpose, now = Date.now()): string {
  const end = Math.floor(now / 1000) + lifetimeSeconds;
  return `${end}.${digest(key, purpose, end).toString("base64url")}`;
}

/** Whether a token is this form's, and still good. */
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
