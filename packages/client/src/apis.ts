/** The operations of every app. Only types are imported from the apps: none of their code is loaded. */
import type { AccountsApi } from "@quintet/accounts";
import type { DirectoryApi } from "@quintet/directory";
import type { IngestApi } from "@quintet/ingest";
import type { PropertiesApi } from "@quintet/properties";
import type { QueueApi } from "@quintet/queue";
import type { SocialApi } from "@quintet/social";
import type { Calls } from "./calls.ts";

/** A client of all of Quintet. An operation is its path and `$method`: `client.social.posts[":id"].$get({ param: { id: 7 } })`. */
export interface QuintetClient {
  auth: Calls<AccountsApi>;
  properties: Calls<PropertiesApi>;
  ingest: Calls<IngestApi>;
  directory: Calls<DirectoryApi>;
  queue: Calls<QueueApi>;
  social: Calls<SocialApi>;
}

export const apps = [
  "auth",
  "properties",
  "ingest",
  "directory",
  "queue",
  "social",
] as const satisfies (keyof QuintetClient)[];
