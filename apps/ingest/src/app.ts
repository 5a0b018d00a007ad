import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { backupRoutes } from "./routes/backups.ts";
import { csvRoutes } from "./routes/csv.ts";
import { loadRoutes } from "./routes/loads.ts";
import { reportRoutes } from "./routes/reports.ts";
import { rowRoutes } from "./routes/rows.ts";
import { tableRoutes } from "./routes/tables.ts";

const MiB = 1024 * 1024;

/** The CSV ingestion app: everything below `/ingest`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    title: "Ingest",
    version: "1",
    tags: { ingest: "CSV files in, rejected rows with their reason, backups, reports" },
    prefix: "/ingest",
    log: deps.log,
    corsOrigins: deps.corsOrigins,
    maxBodyBytes: 8 * MiB,
    streams: /^\/ingest\/[^/]+\/csv$/,
    slow: /^\/ingest\/[^/]+\/(?:csv|backups|restore)(?:\?|$)/,
    checks: deps.checks,
  });
  deps.records.start();
  deps.retention.start();
  // The names of lists come before the names of tables.
  loadRoutes(app, deps);
  backupRoutes(app, deps);
  reportRoutes(app, deps);
  csvRoutes(app, deps);
  rowRoutes(app, deps);
  tableRoutes(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type IngestApi = ReturnType<
  | typeof loadRoutes
  | typeof backupRoutes
  | typeof reportRoutes
  | typeof csvRoutes
  | typeof rowRoutes
  | typeof tableRoutes
>;
