import { startApp } from "@quintet/host";
import * as social from "./index.ts";

/** Starts the app as a process of its own. */
export const start = startApp("social", 8085, social);
