export { type Gateway, run } from "./run.ts";
