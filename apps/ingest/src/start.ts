import { startApp } from "@quintet/host";
import * as ingest from "./index.ts";

/** Starts the app as a process of its own. */
export const start = startApp("ingest", 8082, ingest);
