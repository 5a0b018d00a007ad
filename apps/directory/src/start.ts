import { startApp } from "@quintet/host";
import * as directory from "./index.ts";

/** Starts the app as a process of its own. */
export const start = startApp("directory", 8083, directory);
