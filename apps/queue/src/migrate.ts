import type { Config } from "./config.ts";

/** Redis has no schema: there is nothing to migrate. */
export async function migrate(_config: Config): Promise<void> {}
