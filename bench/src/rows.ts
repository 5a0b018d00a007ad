import type { Row } from "./row.ts";
import { gateway } from "./rows/gateway.ts";

/** Every row that `pnpm bench` can run. */
export const rows: Row[] = [gateway];
