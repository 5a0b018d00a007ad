import { openText, Problem, sealText } from "@quintet/http";
import { z } from "zod";
import { type Caller, callerOf } from "../commands/caller.ts";
import type { ItemCommands, StoredItem } from "../commands/item-commands.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import { isForbidden, queueNotFound } from "../queue-errors.ts";
import { integerField } from "../queues/settings.ts";
import { urlFault } from "./addresses.ts";
import { isSecret, newSecret } from "./signature.ts";

const maxPerQueue = 10;
const maxOwned = 100;

/** The id of a subscription; it is part of Redis keys. */
export const subscriptionIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,80}$/, "must be 1 to 80 letters, digits, hyphens or underscores");

/** The body of `PUT …/subscriptions/{id}`. Which addresses are allowed depends on a setting: see `putSubscription`. */
export const subscriptionInputSchema = z.strictObject({
  url: z
    .string()
    .max(2048, "must have at most 2048 characters")
    .describe("Where the messages are sent, by POST: an http or https URL")
    .meta({ example: "https://example.com/hooks/orders" }),
  secret: z
    .string()
    .refine(isSecret, "must be whsec_ and 24 to 64 bytes in base64")
    .optional()
    .describe(
      "Signs the deliveries: `whsec_` and 24 to 64 bytes in base64. A new subscription without one gets one, an existing one keeps it",
    ),
  concurrency: integerField(1, 20).default(5).describe("Max deliveries in flight"),
  timeoutSeconds: integerField(1, 60).default(15).describe("Max time of a delivery until its response, in seconds"),
});
type SubscriptionInput = z.infer<typeof subscriptionInputSchema>;

/** A subscription as it is stored. */
export interface Subscription {
  /** The id of the account that receives. */
  owner: number;
  url: string;
  /** The secret, sealed. */
  sealed: string;
  concurrency: number;
  timeoutSeconds: number;
  /** Why nothing is delivered any more; until it is put again. */
  stopped?: string;
  /** ms since 1970. */
  updatedAt: number;
}

/** What happened with a subscription. Times are ms since 1970. */
export interface SubscriptionState {
  delivered: number;
  /** Deliveries that failed, and how many in a row at last. */
  failed: number;
  failures: number;
  deliveredAt?: number;
  status?: number;
  error?: string;
  errorAt?: number;
}

export type SubscriptionCommands = ItemCommands<Subscription, SubscriptionState>;
export type StoredSubscription = StoredItem<Subscription, SubscriptionState>;

export interface SubscriptionDeps {
  subscriptions: SubscriptionCommands;
  commands: QueueCommands;
  /** Seals the secrets. */
  webhookKey: Buffer;
  /** Whether webhooks may reach addresses that are not public. */
  allowPrivateWebhooks: boolean;
}

/** A subscription as the API shows it. Times are ISO 8601. */
export interface SubscriptionView {
  id: string;
  queue: string;
  url: string;
  concurrency: number;
  timeoutSeconds: number;
  owner: number;
  status: "active" | "stopped";
  stoppedBecause: string | null;
  delivered: number;
  failed: number;
  failures: number;
  lastDeliveryAt: string | null;
  lastStatus: number | null;
  lastError: string | null;
  lastErrorAt: string | null;
}

/** Who works with subscriptions: the id of the account, and whether it is staff. */
interface Person {
  id: number;
  isStaff: boolean;
}

export function subscriptionName(queue: string, id: string): string {
  return `${queue}/${id}`;
}

/** The queue and the id of a subscription. */
export function partsOf(name: string): { queue: string; id: string } {
  const slash = name.indexOf("/");
  return { queue: name.slice(0, slash), id: name.slice(slash + 1) };
}

/** The secret of a subscription; undefined when it was sealed with another key. */
export function openSecret(key: Buffer, name: string, { sealed }: Subscription): string | undefined {
  return openText(key, sealed, name);
}

/**
 * Creates or replaces a subscription of this account, which must have the right to receive. Returns whether it was created, and the secret
 * if it was generated. Throws 422, 403, 404, 429.
 */
export async function putSubscription(
  deps: SubscriptionDeps,
  { queue, id }: { queue: string; id: string },
  person: Person,
  input: SubscriptionInput,
): Promise<{ created: boolean; secret: string | undefined }> {
  const { subscriptions, commands, webhookKey } = deps;
  const fault = urlFault(input.url, deps.allowPrivateWebhooks);
  if (fault !== undefined) {
    throw new Problem("unprocessable", `url: ${fault}`, { errors: [{ path: "url", message: fault }] });
  }
  if (!(await commands.as(callerOf(person)).check(queue, "receive"))) queueNotFound(queue);
  const name = subscriptionName(queue, id);
  const { secret: given, ...rest } = input;
  const [known] = given === undefined ? await subscriptions.read([name]) : [];
  const kept = known && openSecret(webhookKey, name, known.item);
  const generated = given === undefined && kept === undefined ? newSecret() : undefined;
  const sealed = sealText(webhookKey, given ?? kept ?? generated ?? "", name);
  const item = { ...rest, owner: person.id, sealed, updatedAt: await subscriptions.now() };
  const prefix = { text: `${queue}/`, max: maxPerQueue };
  const outcome = await subscriptions.put(name, item, { time: undefined, maxOwned, prefix });
  if (outcome === "forbidden") throw notYours(name);
  if (outcome === "owner")
    throw new Problem("too-many-requests", `An account may have at most ${maxOwned} subscriptions.`);
  if (outcome === "prefix")
    throw new Problem("too-many-requests", `A queue may have at most ${maxPerQueue} subscriptions.`);
  return { created: outcome === "created", secret: generated };
}

/** A subscription. Throws 404, or 403 for those who neither own it nor may manage the queue. */
export async function getSubscription(
  deps: SubscriptionDeps,
  at: { queue: string; id: string },
  person: Person,
): Promise<SubscriptionView> {
  return viewOf(await accessible(deps, at, person));
}

async function accessible(
  { subscriptions, commands }: SubscriptionDeps,
  { queue, id }: { queue: string; id: string },
  person: Person,
): Promise<StoredSubscription> {
  const [found] = await subscriptions.read([subscriptionName(queue, id)]);
  if (found?.item.owner === person.id) return found;
  if (!(await commands.as(callerOf(person)).check(queue, "read"))) queueNotFound(queue);
  if (!found) return subscriptionNotFound(queue, id);
  if (!(await mayManage(commands, queue, callerOf(person)))) throw notYours(found.name);
  return found;
}

/** The first `limit` subscriptions of a queue after `after`: all for those who may manage it, or this account's. `last` if there are more. */
export async function listSubscriptions(
  { subscriptions, commands }: SubscriptionDeps,
  queue: string,
  person: Person,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<{ found: SubscriptionView[]; last: string | undefined }> {
  if (!(await commands.as(callerOf(person)).check(queue, "read"))) queueNotFound(queue);
  const all = await mayManage(commands, queue, callerOf(person));
  const from = after === undefined ? undefined : subscriptionName(queue, after);
  const names = await subscriptions.names(`${queue}/`, from, limit + 1);
  const stored = await subscriptions.read(names.slice(0, limit));
  const found = stored.filter(({ item }) => all || item.owner === person.id).map(viewOf);
  const last = names.length > limit ? names[limit - 1] : undefined;
  return { found, last: last && partsOf(last).id };
}

/** Deletes a subscription. Throws 404, or 403 for those who neither own it nor may manage the queue. */
export async function deleteSubscription(
  deps: SubscriptionDeps,
  at: { queue: string; id: string },
  person: Person,
): Promise<void> {
  const { name, item } = await accessible(deps, at, person);
  const outcome = await deps.subscriptions.delete(name, item.owner, { keepVersion: true });
  if (outcome !== "deleted") subscriptionNotFound(at.queue, at.id);
}

/** Deletes all subscriptions of a queue that is deleted. */
export async function deleteSubscriptionsOf(subscriptions: SubscriptionCommands, queue: string): Promise<void> {
  for (const name of await subscriptions.names(`${queue}/`, undefined, 100)) {
    await subscriptions.delete(name, undefined, { keepVersion: true });
  }
}

/** Whether a caller may manage a queue; of one that does not exist, staff may. */
async function mayManage(commands: QueueCommands, queue: string, caller: Caller): Promise<boolean> {
  if (caller.isStaff) return true;
  try {
    return await commands.as(caller).check(queue, "manage");
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

function viewOf({ name, item, state }: StoredSubscription): SubscriptionView {
  const { url, concurrency, timeoutSeconds, owner, stopped } = item;
  return {
    ...partsOf(name),
    url,
    concurrency,
    timeoutSeconds,
    owner,
    status: stopped === undefined ? "active" : "stopped",
    stoppedBecause: stopped ?? null,
    delivered: state?.delivered ?? 0,
    failed: state?.failed ?? 0,
    failures: state?.failures ?? 0,
    lastDeliveryAt: isoOrNull(state?.deliveredAt),
    lastStatus: state?.status ?? null,
    lastError: state?.error ?? null,
    lastErrorAt: isoOrNull(state?.errorAt),
  };
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function subscriptionNotFound(queue: string, id: string): never {
  throw new Problem("not-found", `Queue ${queue} has no subscription ${id}.`);
}

function notYours(name: string): Problem {
  return new Problem("forbidden", `Subscription ${name} belongs to another account.`);
}
