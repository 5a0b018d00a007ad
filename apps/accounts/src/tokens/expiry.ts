import { skewSeconds } from "@quintet/auth/issuer";

/**
 * Whether what lives for `lifeMs` and ends at `expiresAt` is good at `now` (ms). What ends later than that was made by a clock
 * that was set back since: it would live on for as long as that was ahead.
 */
export function isUnexpired(expiresAt: Date, lifeMs: number, now: number): boolean {
  const left = expiresAt.getTime() - now;
  return left > 0 && left <= lifeMs + skewSeconds * 1000;
}
