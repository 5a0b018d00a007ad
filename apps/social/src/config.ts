import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";

export const socialSettings = {
  SHOW_EMAILS: settings.flag.default(false),
};

export type Config = ConfigOf<"postgres", typeof socialSettings>;
