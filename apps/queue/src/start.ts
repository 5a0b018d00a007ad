import { startApp } from "@quintet/host";
import * as queue from "./index.ts";

/** Starts the app as a process of its own. */
export const start = startApp("queue", 8084, queue);
