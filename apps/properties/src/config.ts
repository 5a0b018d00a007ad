import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";

export const propertiesSettings = {
  PUBLIC_LISTINGS: settings.flag.default(false),
  SQL_MYSQL_URL: settings.mysqlUrl.optional(),
};

export type Config = ConfigOf<"mysql", typeof propertiesSettings>;
