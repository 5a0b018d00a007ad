import { randomUUID } from "node:crypto";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, htmlContent, noQuery, type ServiceEnv } from "@quintet/http";
import { type Html, type PageFrame, refusalOf, sendPage, type Texts } from "@quintet/pages";
import type { Context } from "hono";
import { html } from "hono/html";
import { inferTable } from "../csv/infer.ts";
import type { Deps } from "../deps.ts";
import type { FileBytes } from "../loads/file-bytes.ts";
import type { LoadOptions } from "../loads/load.ts";
import { findLoadByKey } from "../loads/load-queries.ts";
import { lookAtFile } from "../loads/look-at-file.ts";
import { readLead } from "../loads/settle-file.ts";
import { loadKey } from "../loads/start-load.ts";
import { columnChoice } from "../pages/column-choice.ts";
import { fileLook } from "../pages/file-look.ts";
import { loadPath, newLoadPath } from "../pages/frame.ts";
import { loadFormPage } from "../pages/load-form.ts";
import type { Table } from "../tables/table.ts";
import { pageTag } from "./actions.ts";
import { assignedColumns, isAssignment } from "./assigned-columns.ts";
import { csvQuery, loadOptions } from "./csv.ts";
import { arrivingFile, fileForm, formKey, loadByForm, skipRest } from "./file-forms.ts";
import { waitMs } from "./infer.ts";
import { loadFields, loadQueryFrom } from "./load-form-fields.ts";
import { tableInPath } from "./paths.ts";

const form = fileForm({
  key: "The key of the form",
  table: "Name of the table",
  file: "The file, after the other fields",
});
const heading = "The file cannot be loaded like this";
const again = errorPageResponse("The form with its errors");
const optionalText = (hint = "") => z.string().max(8000).optional().describe(hint);

/** Adds the page on which staff loads a file, and what its form does. */
export function addNewLoadRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);

  const sendForm = async (
    c: Context<AccountEnv>,
    { texts = {}, refusal, found }: { texts?: Texts; refusal?: ReturnType<typeof refusalOf>; found?: Html },
  ) => {
    const tables = (await deps.tables.list()).map(({ name }) => name);
    const body = loadFormPage({ tables, options: loadFields, texts, key: randomUUID(), refusal, found });
    return sendPage(c, frame, {
      title: "Load a file",
      body,
      scripts: ["load-file.js"],
      ...(refusal && { status: refusal.status }),
    });
  };

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "get",
      path: "/new-load",
      tags: [pageTag],
      summary: "Page: load a file",
      description: "The form that loads a file.",
      request: {
        query: z.strictObject({
          table: optionalText("The table that is chosen"),
          map: csvQuery.shape.map,
          ...Object.fromEntries(loadFields.map(({ name, hint, label }) => [name, optionalText(hint ?? label)])),
        }),
      },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    (c) => sendForm(c, { texts: c.req.valid("query") as Texts }),
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "get",
      path: "/new-load/{key}",
      tags: [pageTag],
      summary: "Page: the load of a form",
      description: "Redirects to the load that a form of this account has started.",
      request: {
        params: z.strictObject({ key: formKey.openapi({ param: { name: "key", in: "path" } }) }),
        ...noQuery,
      },
      responses: {
        204: { description: "It has not started a load yet" },
        303: { description: "The load is at Location" },
      },
    }),
    async (c) => {
      const key = loadKey(c.var.account.id, newLoadPath, c.req.valid("param").key);
      const kept = await findLoadByKey(deps.loads.db, key, deps.loads.heartbeatTimeoutMs);
      if (!kept) return c.body(null, 204);
      return c.redirect(loadPath(kept.load.id), 303);
    },
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write", csrfProtection(deps.auth)),
      method: "post",
      path: "/new-load/check",
      tags: [pageTag],
      summary: "Look at a file by form",
      description: "Shows what the beginning of the file is taken for. Nothing is stored.",
      request: { ...noQuery, ...form },
      responses: { 200: { description: "The form with what was found", content: htmlContent }, 422: again },
    }),
    async (c) => {
      const texts: Texts = {};
      try {
        const file = await arrivingFile(c, texts);
        try {
          const { table: name = "", key: _, ...given } = texts;
          const table = await tableInPath(deps, name);
          const { found, error } = await lookForForm(table, loadOptions(table, loadQueryFrom(given, true)), file);
          const refusal = error === undefined ? undefined : refusalOf(c, error, heading);
          return await sendForm(c, { texts: withoutColumns(texts), found, ...(refusal && { refusal }) });
        } finally {
          await file.return?.();
        }
      } catch (error) {
        return sendForm(c, { texts: withoutColumns(texts), refusal: refusalOf(c, error, heading) });
      }
    },
  );

  for (const [path, dryRun] of [
    ["/new-load", false],
    ["/new-load/dry-run", true],
  ] as const) {
    app.openapi(
      createRoute({
        ...guard.staff("ingest:write", csrfProtection(deps.auth)),
        method: "post",
        path,
        tags: [pageTag],
        summary: dryRun ? "Try a load by form" : "Load a file by form",
        description: `The other fields are the parameters of \`POST /{table}/csv\`${dryRun ? "; nothing is stored" : ""}. They come before the file.`,
        request: { ...noQuery, ...form },
        responses: { 303: { description: "Done; the load is at Location" }, 409: again, 422: again },
      }),
      async (c) => {
        const texts: Texts = {};
        try {
          const file = await arrivingFile(c, texts);
          const { table: name = "", key, ...given } = texts;
          const query = loadQueryFrom(given, dryRun);
          const table = await tableInPath(deps, name);
          const sent = { path: newLoadPath, key, file };
          return c.redirect(loadPath(await loadByForm(c, deps, table, loadOptions(table, query), sent)), 303);
        } catch (error) {
          return sendForm(c, { texts: withoutColumns(texts), refusal: refusalOf(c, error, "Nothing was loaded") });
        }
      },
    );
  }
}

/** What a form shows again: which columns go where is shown with the file, when that is looked at again, and is kept as `map`. */
function withoutColumns(texts: Texts): Texts {
  const kept = Object.entries(texts).filter(([name]) => !isAssignment(name));
  return { ...Object.fromEntries(kept), ...assignedColumns(texts) };
}

/** What the beginning of a file is taken for, to its end; with the error if it would be refused, but still with its columns. */
async function lookForForm(
  table: Table,
  options: LoadOptions,
  file: FileBytes,
): Promise<{ found: Html; error?: unknown }> {
  const read = await readLead({ first: Buffer.alloc(0), file }, waitMs);
  const inferred = inferTable(read, {
    given: { ...table.dialect, ...options.dialect, ...file.dialect },
    header: options.header,
    typed: file.columns,
  });
  const columns = "refusal" in inferred || file.format === "ndjson" ? [] : inferred.columns;
  const choice = columnChoice(table, columns, { map: options.map, leavesOut: options.extra === "ignore" });
  let lead: Buffer | undefined = read.lead;
  const next: FileBytes["next"] = async () => {
    if (lead === undefined || lead.length === 0) return read.file.next();
    const value = lead;
    lead = undefined;
    return { done: false, value };
  };
  try {
    const found = fileLook(table, await lookAtFile(table, options, { ...file, next }), choice);
    await skipRest(read.file);
    return { found };
  } catch (error) {
    await skipRest(read.file);
    return { found: html`${choice}`, error };
  }
}
