import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";
import { z } from "zod";

/** The simple queue: one for all accounts or one for each, its max size, and that of what one account has in it; the max number of named queues of an account, and of those with metrics of their own; whether webhooks may reach private addresses. */
export const queueSettings = {
  SIMPLE_QUEUE: z.enum(["shared", "account"]).default("shared"),
  SIMPLE_QUEUE_MAX_LENGTH: settings.number(1, 100_000_000).default(1_000_000),
  SIMPLE_QUEUE_MAX_BYTES: settings.number(1024 * 1024, 1024 ** 4).default(256 * 1024 * 1024),
  SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES: settings.number(1, 100_000_000).default(10_000),
  SIMPLE_QUEUE_ACCOUNT_MAX_BYTES: settings.number(1024, 1024 ** 4).default(16 * 1024 * 1024),
  WEBHOOKS_PRIVATE_ADDRESSES: settings.flag.default(false),
  /** On how many replicas of Redis a change is before it is confirmed, and for how many ms that is waited for. */
  REDIS_WAIT_REPLICAS: settings.number(0, 10).default(0),
  REDIS_WAIT_MS: settings.number(10, 60_000).default(500),
  QUEUE_METRICS_MAX_QUEUES: settings.number(0, 100_000).default(1000),
  QUEUE_ACCOUNT_MAX_QUEUES: settings.number(0, 100_000).default(100),
  QUEUE_ACCOUNT_MAX_MESSAGES: settings.number(0, 1_000_000_000).default(100_000),
  QUEUE_ACCOUNT_MAX_BYTES: settings.number(0, 1024 ** 4).default(64 * 1024 * 1024),
};

export type Config = ConfigOf<"redis", typeof queueSettings>;
