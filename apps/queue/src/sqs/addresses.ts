import { queueNameSchema } from "../queues/settings.ts";
import { SqsError } from "./sqs-error.ts";

// How queues are named in the SQS protocol: by URLs and by ARNs. Names of queues are unique in an installation, so the account and the
// region in them are for people only.

/** The name in the URL of a queue: the last segment of its path, whatever its host is. */
export function nameInUrl(url: string): string {
  const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1] ?? "";
  const name = path.replace(/\/$/, "").split("/").at(-1) ?? "";
  if (!queueNameSchema.safeParse(name).success) {
    throw new SqsError("InvalidAddress", `The address ${url} is not valid for this endpoint.`);
  }
  return name;
}
