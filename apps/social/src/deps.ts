import { keyedFingerprints } from "@quintet/auth";
import { type RecordSweep, recordSweep, sweeping } from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { deriveKey, type IdempotencyStore } from "@quintet/http";
import { accountWork } from "./account-removal/background.ts";
import type { Config } from "./config.ts";
import { type OpenDatabase, openDatabase } from "./database/database.ts";
import { type AdmitWrite, createWriteRules, removeOldWriteCounts } from "./moderation/write-rules.ts";
import type { Reader } from "./routes/schemas.ts";
import { createProfiles, type Profiles } from "./users/profiles.ts";

/** What only this app works with. */
interface SocialDeps extends AsyncDisposable {
  database: OpenDatabase;
  profiles: Profiles;
  idempotency: IdempotencyStore;
  /** What an account may read of others. */
  readerOf: (account: { id: number; isStaff: boolean }) => Reader;
  records: RecordSweep;
  accounts: ReturnType<typeof accountWork>;
  /** Checks what somebody is about to write. */
  admitWrite: AdmitWrite;
  /** The passwords of the demo accounts are derived from it, so that only those who have the secret know them. */
  demoKey: Buffer;
}

/** All that the app works with. */
export type Deps = DepsOf<"postgres" | "redis", SocialDeps>;

/** Opens nothing until it is used. */
export function createDeps(config: Config, common: CommonDeps<"postgres">): SocialDeps {
  const stack = new AsyncDisposableStack();
  const database = stack.use(openDatabase(common.postgres, config.POSTGRES_URL, config.STATEMENT_SECONDS));
  const records = recordSweep(database.records, (error) =>
    common.log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  stack.use(records);
  const accounts = stack.use(accountWork(database.db, common.auth, common.log));
  const oldCounts = stack.use(
    sweeping(() => removeOldWriteCounts(database.db), {
      everyMs: 3_600_000,
      onError: (error) => common.log.warn({ err: error }, "Old counts of writes could not be removed"),
    }),
  );
  oldCounts.start();
  return {
    database,
    readerOf: ({ id, isStaff }) => ({ id, seesEmails: isStaff || config.SHOW_EMAILS }),
    profiles: createProfiles(database.db),
    // A registration has a password in it, which an unkeyed digest in Redis would expose to guessing.
    idempotency: keyedFingerprints(common.idempotency, deriveKey(config.QUINTET_SECRET, "social idempotency")),
    records,
    accounts,
    admitWrite: createWriteRules({ perHour: config.WRITES_PER_HOUR, newPerHour: config.NEW_ACCOUNT_WRITES_PER_HOUR }),
    demoKey: deriveKey(config.QUINTET_SECRET, "social demo accounts"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
