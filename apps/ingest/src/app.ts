import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addBackupRoutes } from "./routes/backups.ts";
import { addCsvRoutes } from "./routes/csv.ts";
import { addLoadRoutes } from "./routes/loads.ts";
import { addReportRoutes } from "./routes/reports.ts";
import { addRowRoutes } from "./routes/rows.ts";
import { addTableRoutes } from "./routes/tables.ts";

const MiB = 1024 * 1024;

/** The CSV ingestion app: everything below `/ingest`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: { ingest: "CSV files in, rejected rows with their reason, backups, reports" },
    maxBodyBytes: 8 * MiB,
    streams: /^\/ingest\/[^/]+\/csv$/,
    slow: /^\/ingest\/[^/]+\/(?:csv|backups|restore)(?:\?|$)/,
  });
  deps.records.start();
  deps.retention.start();
  // The names of lists come before the names of tables.
  addLoadRoutes(app, deps);
  addBackupRoutes(app, deps);
  addReportRoutes(app, deps);
  addCsvRoutes(app, deps);
  addRowRoutes(app, deps);
  addTableRoutes(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type IngestApi = ReturnType<
  | typeof addLoadRoutes
  | typeof addBackupRoutes
  | typeof addReportRoutes
  | typeof addCsvRoutes
  | typeof addRowRoutes
  | typeof addTableRoutes
>;
