import type { QueueAccess } from "../queues/access.ts";
import { accountNumber, queueArn } from "./addresses.ts";
import { invalidParameter } from "./inputs.ts";
import { attributeField } from "./queue-rules.ts";
import { SqsError } from "./sqs-error.ts";

// A permission of SQS is a label with accounts and actions. Here it gives these accounts rights to the queue, and is kept to be shown in the
// attribute Policy and to be taken back.

/** Who a permission is for: the number of an account, or everyone. */
type Principal = number | "everyone";
type Right = "send" | "receive";

/** A permission as it is stored. */
export interface Permission {
  label: string;
  principals: Principal[];
  actions: string[];
}

/** The right that an action needs; those that only read come with either of them. */
const rightOf: Record<string, Right | "read" | "both"> = {
  "*": "both",
  SendMessage: "send",
  ReceiveMessage: "receive",
  DeleteMessage: "receive",
  ChangeMessageVisibility: "receive",
  GetQueueAttributes: "read",
  GetQueueUrl: "read",
};

const prefix = attributeField("label:");
export const labelField = (label: string) => `${prefix}${label}`;

/** The permissions in the settings of a queue. */
export function permissionsOf(settings: Record<string, string>): Permission[] {
  return Object.entries(settings)
    .filter(([field]) => field.startsWith(prefix))
    .map(([, json]) => JSON.parse(json) as Permission);
}

/** A new permission. Throws `InvalidParameterValue` for accounts and actions that cannot be given a right. */
export function readPermission(label: string, accounts: string[], actions: string[]): Permission {
  if (!/^[\w-]{1,80}$/.test(label))
    throw invalidParameter("Label", label, "Must be 1 to 80 letters, digits, hyphens or underscores.");
  const principals = accounts.map((account) => {
    const id = /^\d{1,15}$/.test(account) ? Number(account) : 0;
    if (id === 0)
      throw invalidParameter("AWSAccountId", account, "Must be the id of an account, with or without leading zeros.");
    return id;
  });
  checkActions(actions);
  return { label, principals, actions };
}

function checkActions(actions: string[]): void {
  const unknown = actions.find((name) => !Object.hasOwn(rightOf, name));
  if (unknown !== undefined) {
    throw invalidParameter("ActionName", unknown, `Must be one of ${Object.keys(rightOf).join(", ")}.`);
  }
  if (rightsOf(actions).length === 0) {
    const reason = "To read a queue is no right of its own: it comes with SendMessage and ReceiveMessage.";
    throw invalidParameter("ActionName", actions.join(", "), reason);
  }
}

function rightsOf(actions: string[]): Right[] {
  const needed = actions.map((name) => rightOf[name]);
  return (["send", "receive"] as const).filter((right) => needed.includes(right) || needed.includes("both"));
}

/** The access with the rights of one more permission. */
export function grant(access: QueueAccess, { principals, actions }: Permission): QueueAccess {
  const granted = { ...access };
  for (const right of rightsOf(actions)) granted[right] = [...new Set([...access[right], ...principals])];
  return granted;
}

/** The access without the rights of a permission, except for those that `others` give as well. */
export function withdraw(access: QueueAccess, removed: Permission, others: Permission[]): QueueAccess {
  const left = { ...access };
  for (const right of rightsOf(removed.actions)) {
    const kept = new Set(
      others.filter(({ actions }) => rightsOf(actions).includes(right)).flatMap(({ principals }) => principals),
    );
    left[right] = access[right].filter((one) => one === "staff" || !removed.principals.includes(one) || kept.has(one));
  }
  return left;
}

/** The attribute Policy: the permissions as AWS writes them; `undefined` when there are none. */
export function policyOf(
  permissions: Permission[],
  queue: { region: string; owner: string | undefined; name: string },
): string | undefined {
  if (permissions.length === 0) return undefined;
  const arn = queueArn(queue.region, queue.owner, queue.name);
  const statements = permissions.map(({ label, principals, actions }) => ({
    Sid: label,
    Effect: "Allow",
    Principal: principals.includes("everyone")
      ? "*"
      : { AWS: single(principals.map((id) => `arn:aws:iam::${accountNumber(id)}:root`)) },
    Action: single(actions.map((name) => `SQS:${name}`)),
    Resource: arn,
  }));
  return JSON.stringify({ Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy`, Statement: statements });
}

function single<T>(values: T[]): T | T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

interface Statement {
  Sid?: unknown;
  Effect?: unknown;
  Principal?: unknown;
  Action?: unknown;
  Resource?: unknown;
}

/**
 * The permissions of a policy. Throws `InvalidAttributeValue` for one that says more than rights for accounts can: conditions, denials,
 * services.
 */
export function readPolicy(json: string): Permission[] {
  if (json === "") return [];
  let statements: Statement[];
  try {
    const { Statement } = JSON.parse(json) as { Statement?: Statement | Statement[] };
    statements = [Statement ?? []].flat();
  } catch {
    throw invalidPolicy("Must be a JSON map.");
  }
  return statements.map((statement, i) => {
    const { Sid = `statement-${i + 1}`, Effect, Principal, Action, Resource: _, ...rest } = statement;
    const other = Object.keys(rest)[0];
    if (other !== undefined)
      throw invalidPolicy(`${other} is not supported: a statement gives rights to accounts, always.`);
    if (Effect !== "Allow") throw invalidPolicy("Effect must be Allow.");
    const names = [Action].flat().map((name) => /^sqs:([\w*]+)$/i.exec(String(name))?.[1] ?? String(name));
    checkActions(names);
    return {
      label: String(Sid)
        .replaceAll(/[^\w-]/g, "-")
        .slice(0, 80),
      principals: principalsOf(Principal),
      actions: names,
    };
  });
}

function principalsOf(principal: unknown): Principal[] {
  if (principal === "*") return ["everyone"];
  const { AWS, ...rest } =
    typeof principal === "object" && principal !== null ? (principal as Record<string, unknown>) : {};
  if (AWS === undefined || Object.keys(rest).length > 0) throw invalidPolicy("Principal must be * or accounts of AWS.");
  return [AWS].flat().map((one) => {
    if (one === "*") return "everyone";
    const id = Number(/^(?:arn:aws:iam::)?(\d{1,15})(?::root)?$/.exec(String(one))?.[1]);
    if (!id) throw invalidPolicy(`The principal ${one} is not an account.`);
    return id;
  });
}

function invalidPolicy(reason: string): SqsError {
  return new SqsError("InvalidAttributeValue", `Invalid value for the parameter Policy. Reason: ${reason}`);
}
