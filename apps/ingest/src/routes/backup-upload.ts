import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, htmlContent, noQuery, type ServiceEnv } from "@quintet/http";
import { leaveNotice, type PageFrame, refusalOf, sendPage, type Texts } from "@quintet/pages";
import type { Context } from "hono";
import { uploadBackup } from "../backups/upload-backup.ts";
import type { Deps } from "../deps.ts";
import { backupUploadPage } from "../pages/backup-upload-page.ts";
import { backupsPath } from "../pages/frame.ts";
import { pageTag } from "./actions.ts";
import { scratchDeps } from "./backups.ts";
import { arrivingFile, fileForm } from "./file-forms.ts";
import { tableInPath } from "./paths.ts";

const path = "/backups/actions/upload";

/** Adds the page on which staff uploads an Avro file as a backup, and what its form does. */
export function addBackupUpload(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);
  const send = async (c: Context<AccountEnv>, table: string, refusal?: ReturnType<typeof refusalOf>) => {
    const tables = (await deps.tables.list()).map(({ name }) => name);
    return sendPage(c, frame, {
      title: "Upload a backup",
      body: backupUploadPage({ tables, table, refusal }),
      scripts: ["upload.js"],
      ...(refusal && { status: refusal.status }),
    });
  };

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "get",
      path,
      tags: [pageTag],
      summary: "Page: upload a backup",
      description: "The form that sends an Avro file.",
      request: noQuery,
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    (c) => send(c, ""),
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write", csrfProtection(deps.auth)),
      method: "post",
      path,
      tags: [pageTag],
      summary: "Upload a backup by form",
      description: "The Avro file becomes a backup of the table, as `POST /{table}/backups` does.",
      request: { ...noQuery, ...fileForm({ table: "Name of the table", file: "The Avro file, after the table" }) },
      responses: {
        303: { description: "Done; the list of backups is at Location" },
        422: errorPageResponse("The form with its errors"),
      },
    }),
    async (c) => {
      const texts: Texts = {};
      try {
        const file = await arrivingFile(c, texts);
        const table = await tableInPath(deps, texts.table ?? "");
        await uploadBackup(scratchDeps(deps), table, { [Symbol.asyncIterator]: () => file });
        leaveNotice(c, "added");
        return c.redirect(backupsPath, 303);
      } catch (error) {
        return send(c, texts.table ?? "", refusalOf(c, error, "Nothing was stored"));
      }
    },
  );
}
