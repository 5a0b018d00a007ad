import type { ConfigOf } from "@quintet/host";
import { settings } from "@quintet/http";
import { attributionText, tilesUrl } from "./map-tiles.ts";

export const propertiesSettings = {
  MAP_ATTRIBUTION: attributionText.optional(),
  MAP_TILES_URL: tilesUrl.optional(),
  PUBLIC_LISTINGS: settings.flag.default(false),
  SQL_MYSQL_URL: settings.mysqlUrl.optional(),
};

export type Config = ConfigOf<"mysql", typeof propertiesSettings>;
