import { accounts } from "@quintet/accounts";
import { directory } from "@quintet/directory";
import { ingest } from "@quintet/ingest";
import { properties } from "@quintet/properties";
import { queue } from "@quintet/queue";
import { social } from "@quintet/social";

/** The issuer, mounted at `/auth`. */
export const issuer = accounts;

/** Every other app, in the order in which they are listed everywhere; the one with the largest demo data comes last. */
export const apps = [properties, ingest, queue, social, directory];

/** The setting that says where an app runs when it does not run in the gateway, such as `QUEUE_URL`. */
export function urlSetting(app: string): string {
  return `${app.toUpperCase()}_URL`;
}
