import { timingSafeEqual } from "node:crypto";
import { deriveKey } from "@quintet/http";
import { z } from "zod";
import type { RevokedTable } from "../revocation/revoked-table.ts";
import { issuerClient } from "./issuer-client.ts";

/** The path of the feed of revocations, for the other processes of the installation. */
export const feedPath = "/auth/revocations";

const pollMs = 250;
const limitMs = 700;
/** One and a half times the interval of the heartbeats. */
const missedHeartbeatMs = 750;

const feedSchema = z.object({
  /** The id of the process that responded; versions are its own. */
  process: z.string(),
  version: z.number(),
  /** How long ago that process was last up to date, in ms; null if it never was. */
  ageMs: z.number().nullable(),
  revocations: z.array(
    z.object({ kind: z.enum(["account", "session", "token"]), subject: z.string(), epoch: z.number() }),
  ),
});

/** A response of the feed. */
export type Feed = z.infer<typeof feedSchema>;

/** The credentials of the feed, derived from the secret that all processes of the installation share. */
export function feedCredentials(secret: string): { header: string; matches(header: string | undefined): boolean } {
  const header = `Bearer ${deriveKey(secret, "auth revocation feed").toString("base64url")}`;
  const expected = Buffer.from(header);
  const matches = (given = "") => {
    const actual = Buffer.from(given);
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  };
  return { header, matches };
}

/** The revocations in `table` that were added after `since`; all of them if that is a version of another process than `own`. */
export function readFeed(table: RevokedTable, own: string, since: { process?: string; version: number }): Feed {
  const age = table.age();
  return {
    process: own,
    version: table.version(),
    ageMs: Number.isFinite(age) ? age : null,
    revocations: table.since(since.process === own ? since.version : 0),
  };
}

/**
 * Polls the feed of the issuer at `url` four times a second while its heartbeats are missing, since Redis is unavailable to this
 * process or to the issuer. `heartbeatAt` returns when the last one arrived.
 */
export function pollIssuer(options: {
  url: string;
  secret: string;
  table: RevokedTable;
  heartbeatAt: () => number;
}): AsyncDisposable {
  const { url, secret, table, heartbeatAt } = options;
  const send = issuerClient(url, limitMs);
  const { header } = feedCredentials(secret);
  let known: { process: string; version: number } | undefined;
  let polling: Promise<void> | undefined;

  const poll = async () => {
    const startedAt = performance.now();
    try {
      const query = known ? `?process=${known.process}&version=${known.version}` : "";
      const response = await send(`${feedPath}${query}`, { headers: { Authorization: header } });
      const { process, version, ageMs, revocations } = await response.read(200, feedSchema);
      for (const one of revocations) table.add(one);
      known = { process, version };
      if (ageMs !== null) table.markCurrent(startedAt - ageMs);
    } catch {
      // The next poll tries again; without any update the table closes.
    }
  };
  const timer = setInterval(() => {
    if (polling || performance.now() - heartbeatAt() < missedHeartbeatMs) return;
    polling = poll().finally(() => {
      polling = undefined;
    });
  }, pollMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await polling;
    },
  };
}
