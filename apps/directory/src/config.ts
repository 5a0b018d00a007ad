import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";

export const directorySettings = {
  DEMO_USERS: settings.number(1, 10_000_000).default(1_000_000),
};

export type Config = ConfigOf<"postgres" | "cache", typeof directorySettings>;
