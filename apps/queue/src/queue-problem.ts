import { Problem } from "@quintet/http";

/** The answer to whoever names a queue that does not exist. */
export function noSuchQueue(name: string): never {
  throw new Problem("not-found", `There is no queue ${name}.`);
}
