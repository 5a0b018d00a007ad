import type { Row } from "./row.ts";
import { accounts } from "./rows/accounts.ts";
import { backups } from "./rows/backups.ts";
import { gateway } from "./rows/gateway.ts";
import { listings } from "./rows/listings.ts";
import { load } from "./rows/load.ts";
import { loadMemory } from "./rows/load-memory.ts";
import { loadParquet } from "./rows/load-parquet.ts";
import { loadService } from "./rows/load-service.ts";
import { loadWide } from "./rows/load-wide.ts";
import { messages } from "./rows/messages.ts";
import { queue } from "./rows/queue.ts";
import { search } from "./rows/search.ts";
import { social } from "./rows/social.ts";
import { sqs } from "./rows/sqs.ts";
import { transfer } from "./rows/transfer.ts";

/** All rows of `pnpm bench`. */
export const rows: Row[] = [
  accounts,
  gateway,
  transfer,
  load,
  loadWide,
  loadMemory,
  loadService,
  loadParquet,
  backups,
  listings,
  search,
  queue,
  messages,
  sqs,
  social,
];
