import { randomUUID } from "node:crypto";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, htmlContent, noQuery, type ServiceEnv } from "@quintet/http";
import { type PageFrame, refusalOf, sendPage, type Texts } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { Load } from "../loads/load.ts";
import { retryOptions } from "../loads/retry-options.ts";
import { loadPath } from "../pages/frame.ts";
import { retryPage, retryPath } from "../pages/rejects-page.ts";
import { pageTag } from "./actions.ts";
import { arrivingFile, fileForm, loadByForm } from "./file-forms.ts";
import { findLoad, loadParam, tableInPath } from "./paths.ts";
import { refuseOtherTypes } from "./source-file.ts";

const again = errorPageResponse("The form with its errors");

/** Adds the page on which staff sends mended rejected rows, and what its form does. */
export function addRetryForm(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);
  const send = (c: Context<AccountEnv>, load: Load, refusal?: ReturnType<typeof refusalOf>) =>
    sendPage(c, frame, {
      title: "Mend rejected rows",
      body: retryPage(load, randomUUID(), refusal),
      scripts: ["upload.js"],
      ...(refusal && { status: refusal.status }),
    });

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "get",
      path: "/loads/{id}/actions/retry",
      tags: [pageTag],
      summary: "Page: load mended rejected rows",
      description: "The form that sends the mended rows.",
      request: { params: loadParam, ...noQuery },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    async (c) => send(c, (await findLoad(deps.loads, c.req.valid("param").id)).load),
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write", csrfProtection(deps.auth)),
      method: "post",
      path: "/loads/{id}/actions/retry",
      tags: [pageTag],
      summary: "Load mended rejected rows by form",
      description: "Loads the rows as `POST /loads/{id}/retry` does. A form that is sent twice loads once.",
      request: {
        params: loadParam,
        ...noQuery,
        ...fileForm({ key: "The key of the form", file: "The mended rows, after the key" }),
      },
      responses: { 303: { description: "Done; the load is at Location" }, 409: again, 422: again },
    }),
    async (c) => {
      refuseOtherTypes(c, deps);
      const kept = await findLoad(deps.loads, c.req.valid("param").id);
      try {
        const texts: Texts = {};
        const file = await arrivingFile(c, texts);
        const table = await tableInPath(deps, kept.load.table);
        const options = retryOptions(kept, { dryRun: false, maxRejects: null, onError: "skip" });
        const form = { path: retryPath(kept.load.id), key: texts.key, file };
        return c.redirect(loadPath(await loadByForm(c, deps, table, options, form)), 303);
      } catch (error) {
        return send(c, kept.load, refusalOf(c, error, "Nothing was loaded"));
      }
    },
  );
}
