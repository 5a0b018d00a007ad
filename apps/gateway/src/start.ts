import type { Start } from "@quintet/workers";
import { run } from "./run.ts";

/** Starts the gateway with the apps that are mounted in it. */
export const start: Start = (place) => run(place);
