import type { Sweeping } from "@quintet/db";
import type { CommonDeps } from "@quintet/host";
import { deriveKey } from "@quintet/http";
import { itemCommands } from "./commands/item-commands.ts";
import type { RunCommand } from "./commands/load.ts";
import type { QueueCommands } from "./commands/queue-commands.ts";
import type { Config } from "./config.ts";
import { scheduleKeys, subscriptionKeys } from "./keys.ts";
import { createLeader } from "./leader.ts";
import { fireSchedules } from "./schedules/firing.ts";
import type { Schedule, ScheduleCommands, ScheduleState } from "./schedules/schedules.ts";
import type { Transfers } from "./transfers/transfers.ts";
import type { WaitingReceivers } from "./waiting/waiting-receivers.ts";
import { resolveHost } from "./webhooks/addresses.ts";
import { createDeliver } from "./webhooks/deliver.ts";
import { pumpWebhooks, type WebhookFigures } from "./webhooks/pumps.ts";
import { createSlots } from "./webhooks/slots.ts";
import type { Subscription, SubscriptionCommands, SubscriptionState } from "./webhooks/subscriptions.ts";

/** The deliveries of webhooks that one process may have in flight. */
const maxDeliveries = 200;

/** What the app does without requests: schedules and webhooks. */
export interface PushDeps {
  schedules: ScheduleCommands;
  subscriptions: SubscriptionCommands;
  webhookKey: Buffer;
  allowPrivateWebhooks: boolean;
  /** Fires schedules and delivers to webhooks, in one process at a time. */
  leader: Sweeping;
  /** How the webhooks fare. */
  webhookFigures(): WebhookFigures;
}

interface OtherDeps extends Pick<CommonDeps<"redis">, "auth" | "log" | "redis" | "stopping"> {
  run: RunCommand;
  commands: QueueCommands;
  transfers: Transfers;
  waiting: WaitingReceivers;
}

/** Once `stopping` aborts, another process may lead. */
export function createPush(config: Config, deps: OtherDeps): PushDeps {
  const { auth, log, redis, stopping, run, commands } = deps;
  const warn = (message: string) => (error: unknown) => log.warn({ err: error }, message);
  const schedules = itemCommands<Schedule, ScheduleState>(redis, run, scheduleKeys);
  const subscriptions = itemCommands<Subscription, SubscriptionState>(redis, run, subscriptionKeys);
  const webhookKey = deriveKey(config.QUINTET_SECRET, "queue webhook secrets");
  const allowPrivateWebhooks = config.WEBHOOKS_PRIVATE_ADDRESSES;
  const pumps = pumpWebhooks(subscriptions, {
    ...deps,
    webhookKey,
    deliver: createDeliver({ allowPrivate: allowPrivateWebhooks, resolve: resolveHost }),
    slots: createSlots(maxDeliveries),
    onError: warn("Webhook could not be delivered"),
  });
  const firing = fireSchedules({ schedules, commands, auth }, warn("Schedule could not be fired"));
  const leader = createLeader(run, [firing, pumps], warn("Work of the leader failed"));
  stopping.addEventListener("abort", () => void leader[Symbol.asyncDispose](), { once: true });
  return { schedules, subscriptions, webhookKey, allowPrivateWebhooks, leader, webhookFigures: pumps.figures };
}
