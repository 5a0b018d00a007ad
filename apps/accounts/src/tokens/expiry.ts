import { skewSeconds } from "@quintet/auth/issuer";

/**
 * Whether something with a lifetime of `lifeMs` that expires at `expiresAt` is valid at `now` (ms). One that expires even later was
 * created by a clock that was ahead and has been set back since: it is invalid, or it would live longer than `lifeMs`.
 */
export function isUnexpired(expiresAt: Date, lifeMs: number, now: number): boolean {
  const left = expiresAt.getTime() - now;
  return left > 0 && left <= lifeMs + skewSeconds * 1000;
}
