import { startApp } from "@quintet/host";
import * as properties from "./index.ts";

/** Starts the app as a process of its own. */
export const start = startApp("properties", 8081, properties);
