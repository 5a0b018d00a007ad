import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";

/** The max number of messages, and of bytes, in the simple queue. */
export const queueSettings = {
  SIMPLE_QUEUE_MAX_LENGTH: settings.number(1, 100_000_000).default(1_000_000),
  SIMPLE_QUEUE_MAX_BYTES: settings.number(1024 * 1024, 1024 ** 4).default(256 * 1024 * 1024),
};

export type Config = ConfigOf<"redis", typeof queueSettings>;
