import type { OpenedIssuer } from "@quintet/host";
import type { Logger } from "@quintet/http";
import { createApp } from "./app.ts";
import type { IssuerConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { migrateAccounts } from "./migrate.ts";

/**
 * Opens the issuer in this process and starts its background work. The `first` process migrates the tables and creates the first
 * staff account.
 */
export async function openIssuer(config: IssuerConfig, log: Logger, first: boolean): Promise<OpenedIssuer> {
  const { ADMIN_USERNAME, ADMIN_PASSWORD } = config;
  if (first) await migrateAccounts(config.MYSQL_URL, log, config.AUDIT_DAYS);
  await using opening = new AsyncDisposableStack();
  const deps = opening.use(await createDeps(config, log));
  const { auth } = deps;
  await auth.startStreams();
  auth.sweeper.start();
  if (first && ADMIN_USERNAME !== undefined && ADMIN_PASSWORD !== undefined) {
    await auth.createFirstStaff(ADMIN_USERNAME, ADMIN_PASSWORD);
  }
  const learning = Promise.all([
    first && auth.learnEmails().catch((error: unknown) => log.warn({ err: error }, "Emails could not be compared")),
    auth.learnHashes().catch((error: unknown) => log.warn({ err: error }, "Password hashes could not be timed")),
  ]);
  opening.defer(async () => {
    await learning;
  });
  const app = createApp(deps);
  const opened = opening.move();
  return { auth, app, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
