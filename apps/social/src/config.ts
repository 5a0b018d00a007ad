import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";

/**
 * Whether everybody sees the emails of all; how many posts, and how many comments and reports each, an account may write in an hour, and a
 * new one in its first day.
 */
export const socialSettings = {
  SHOW_EMAILS: settings.flag.default(false),
  WRITES_PER_HOUR: settings.number(1, 1_000_000).default(600),
  NEW_ACCOUNT_WRITES_PER_HOUR: settings.number(1, 1_000_000).default(200),
};

export type Config = ConfigOf<"postgres", typeof socialSettings>;
