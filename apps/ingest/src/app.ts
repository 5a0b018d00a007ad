import type { OpenAPIHono } from "@hono/zod-openapi";
import { signedInAs } from "@quintet/auth";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { ingestFrame } from "./pages/frame.ts";
import { addBackupActions } from "./routes/backup-actions.ts";
import { addBackupSetRoutes } from "./routes/backup-sets.ts";
import { addBackupUpload } from "./routes/backup-upload.ts";
import { addBackupRoutes } from "./routes/backups.ts";
import { addCsvRoutes } from "./routes/csv.ts";
import { addDefinitionRoutes } from "./routes/definitions.ts";
import { addInferRoute } from "./routes/infer.ts";
import { addLoadActions } from "./routes/load-actions.ts";
import { addLoadRoutes } from "./routes/loads.ts";
import { addNewLoadRoutes } from "./routes/new-load.ts";
import { addNewTableRoutes } from "./routes/new-table.ts";
import { addOverviewRoutes } from "./routes/overview.ts";
import { addRejectRoutes } from "./routes/rejects.ts";
import { addReportRoutes } from "./routes/reports.ts";
import { addRetryRoute } from "./routes/retry.ts";
import { addRetryForm } from "./routes/retry-form.ts";
import { addRowRoutes } from "./routes/rows.ts";
import { addTableActions } from "./routes/table-actions.ts";
import { addTableRoutes } from "./routes/tables.ts";
import { addUploadRoutes } from "./routes/uploads.ts";

const MiB = 1024 * 1024;

/** The CSV ingestion app: everything below `/ingest`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const frame = ingestFrame(signedInAs(deps.auth));
  const app = createService({
    ...deps.service,
    frame,
    tags: {
      ingest: "CSV files in, rejected rows with their reason, backups, reports",
      "ingest pages": "The pages and forms by which people load files in a browser",
    },
    maxBodyBytes: 8 * MiB,
    streams:
      /^\/ingest\/(?:[^/]+\/(?:csv|backups)|backups\/actions\/upload|loads\/[^/]+\/(?:actions\/)?retry|uploads(?:\/[^/]+)?|infer|new-load(?:\/check|\/dry-run)?|new-table\/check)$/,
    slow: /^\/ingest\/(?:(?:backups|restore|[^/]+\/(?:csv|backups|restore)|(?:backups|loads)\/[^/]+\/(?:actions\/)?(?:verify|preview|restore|retry|undo)|backups\/actions\/(?:new|upload)|backups\/sets\/[^/]+\/actions\/(?:preview|restore)|uploads(?:\/[^/?]+)?|new-load(?:\/dry-run)?)(?:\?|$)|loads\/[^/?]+\?undo=true)/,
  });
  deps.records.start();
  deps.retention.start();
  deps.schedule.start();
  deps.resumption.start();
  // The names of lists come before the names of tables.
  addOverviewRoutes(app, deps, frame);
  addNewLoadRoutes(app, deps, frame);
  addNewTableRoutes(app, deps, frame);
  addLoadRoutes(app, deps, frame);
  addRejectRoutes(app, deps, frame);
  addRetryRoute(app, deps);
  addRetryForm(app, deps, frame);
  addLoadActions(app, deps, frame);
  addBackupSetRoutes(app, deps);
  addBackupRoutes(app, deps, frame);
  addBackupUpload(app, deps, frame);
  addBackupActions(app, deps, frame);
  addTableActions(app, deps, frame);
  addDefinitionRoutes(app, deps);
  addReportRoutes(app, deps, frame);
  addUploadRoutes(app, deps);
  addInferRoute(app, deps);
  addCsvRoutes(app, deps);
  addRowRoutes(app, deps);
  addTableRoutes(app, deps, frame);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type IngestApi = ReturnType<
  | typeof addLoadRoutes
  | typeof addRejectRoutes
  | typeof addBackupSetRoutes
  | typeof addBackupRoutes
  | typeof addDefinitionRoutes
  | typeof addReportRoutes
  | typeof addInferRoute
  | typeof addCsvRoutes
  | typeof addRowRoutes
  | typeof addTableRoutes
>;
