import { timingSafeEqual } from "node:crypto";
import { deriveKey } from "@quintet/http";
import { z } from "zod";
import type { RevokedTable } from "../revocation/revoked-table.ts";
import { issuerClient } from "./issuer-client.ts";

/** Where the issuer tells other processes of the installation what is revoked. */
export const feedPath = "/auth/revocations";

const pollMs = 250;
const limitMs = 700;
/** One and a half of the time between two beats of the issuer. */
const missedBeatMs = 750;

const feedSchema = z.object({
  /** Which process responded; versions are its own. */
  process: z.string(),
  version: z.number(),
  /** How long ago that process knew everything that was revoked, in ms; null if it never did. */
  ageMs: z.number().nullable(),
  revocations: z.array(
    z.object({ kind: z.enum(["account", "session", "token"]), subject: z.string(), epoch: z.number() }),
  ),
});

/** What the issuer responds with. */
export type Feed = z.infer<typeof feedSchema>;

/** What a process shows to be one of the installation: derived from the secret that all of them share. */
export function feedCredentials(secret: string): { header: string; matches(header: string | undefined): boolean } {
  const header = `Bearer ${deriveKey(secret, "auth revocation feed").toString("base64url")}`;
  const wanted = Buffer.from(header);
  const matches = (given = "") => {
    const shown = Buffer.from(given);
    return shown.length === wanted.length && timingSafeEqual(shown, wanted);
  };
  return { header, matches };
}

/** What `table` has that was added after `since`; all of it when that is of another process, `own` being this one's name. */
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
 * Asks the issuer at `url` what is revoked, four times a second, for as long as beats of it are missed in Redis: when that does not
 * respond, or not to the issuer. `beatAt` is when the last one came.
 */
export function pollIssuer(options: {
  url: string;
  secret: string;
  table: RevokedTable;
  beatAt: () => number;
}): AsyncDisposable {
  const { url, secret, table, beatAt } = options;
  const ask = issuerClient(url, limitMs);
  const { header } = feedCredentials(secret);
  let known: { process: string; version: number } | undefined;
  let asking: Promise<void> | undefined;

  const poll = async () => {
    const askedAt = performance.now();
    try {
      const query = known ? `?process=${known.process}&version=${known.version}` : "";
      const response = await ask(`${feedPath}${query}`, { headers: { Authorization: header } });
      const { process, version, ageMs, revocations } = await response.read(200, feedSchema);
      for (const one of revocations) table.add(one);
      known = { process, version };
      if (ageMs !== null) table.markCurrent(askedAt - ageMs);
    } catch {
      // Then it is asked again, and without any news the table closes.
    }
  };
  const timer = setInterval(() => {
    if (asking || performance.now() - beatAt() < missedBeatMs) return;
    asking = poll().finally(() => {
      asking = undefined;
    });
  }, pollMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await asking;
    },
  };
}
