import type { Row } from "./row.ts";
import { gateway } from "./rows/gateway.ts";
import { load } from "./rows/load.ts";
import { queue } from "./rows/queue.ts";
import { search } from "./rows/search.ts";

/** Every row that `pnpm bench` can run. */
export const rows: Row[] = [gateway, load, search, queue];
