/** The calls of every app. Only types come from the apps: nothing of them is loaded when the client runs. */
import type { AccountsApi } from "@quintet/accounts";
import type { DirectoryApi } from "@quintet/directory";
import type { IngestApi } from "@quintet/ingest";
import type { PropertiesApi } from "@quintet/properties";
import type { QueueApi } from "@quintet/queue";
import type { SocialApi } from "@quintet/social";
import type { Calls } from "./calls.ts";

/** A client of the whole of Quintet. A call is its path and `$method`: `client.social.posts[":id"].$get({ param: { id: 7 } })`. */
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
