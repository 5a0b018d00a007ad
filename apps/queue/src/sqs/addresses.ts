import { queueNameSchema } from "../queues/settings.ts";
import { SqsError } from "./sqs-error.ts";

// How queues are named in the SQS protocol: by URLs and by ARNs. Names of queues are unique in an installation, so the account and the
// region in them are for people only.

/** The path of the protocol. */
export const sqsPath = "/queue/sqs";

/** The id of an account as AWS has it: 12 digits; zeros for queues of staff. */
export function accountNumber(accountId: number | string | null | undefined): string {
  return String(accountId || 0).padStart(12, "0");
}

/** The URL of a queue, at the origin by which the client has sent its request. */
export function queueUrl(origin: string, owner: string | undefined, name: string): string {
  return `${origin}${sqsPath}/${accountNumber(owner)}/${name}`;
}

export function queueArn(region: string, owner: string | undefined, name: string): string {
  return `arn:aws:sqs:${region}:${accountNumber(owner)}:${name}`;
}

/** The name in the URL of a queue: the last segment of its path, whatever its host is. */
export function nameInUrl(url: string): string {
  const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1] ?? "";
  const name = path.replace(/\/$/, "").split("/").at(-1) ?? "";
  if (!queueNameSchema.safeParse(name).success) {
    throw new SqsError("InvalidAddress", `The address ${url} is not valid for this endpoint.`);
  }
  return name;
}

/** The name in the ARN of a queue; `undefined` when it is none. */
export function nameInArn(arn: string): string | undefined {
  const name = /^arn:[\w-]+:sqs:[\w-]*:\d*:([^:]+)$/.exec(arn)?.[1];
  return name !== undefined && queueNameSchema.safeParse(name).success ? name : undefined;
}
