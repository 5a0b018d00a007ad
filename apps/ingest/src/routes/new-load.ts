import { randomUUID } from "node:crypto";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, htmlContent, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import { type Html, type PageFrame, refusalOf, sendPage, type Texts } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { FileBytes } from "../loads/file-bytes.ts";
import type { LoadOptions } from "../loads/load.ts";
import { prepareLoad } from "../loads/load-file.ts";
import { findLoadByKey } from "../loads/load-queries.ts";
import { lookAtFile } from "../loads/look-at-file.ts";
import { fileLook } from "../pages/file-look.ts";
import { loadPath, newLoadPath } from "../pages/frame.ts";
import { loadFormPage } from "../pages/load-form.ts";
import type { Table } from "../tables/table.ts";
import { csvFile } from "../upload/csv-file.ts";
import { pageTag } from "./actions.ts";
import { attachLoadToRequest, csvQuery, loadKey, loadOptions } from "./csv.ts";
import { loadFields, loadQueryFrom } from "./load-form-fields.ts";
import { tableInPath } from "./paths.ts";
import { bodyOf, lengthOf } from "./source-file.ts";

const keySchema = z.uuid().describe("The key of the form; a form that is sent again continues its load");
const multipartForm = {
  body: {
    required: true as const,
    content: {
      "multipart/form-data": {
        schema: {
          type: "object" as const,
          properties: {
            key: { type: "string" as const, description: "The key of the form" },
            table: { type: "string" as const, description: "Name of the table" },
            file: { type: "string" as const, format: "binary", description: "The file, after the other fields" },
          },
          required: ["key", "table", "file"],
        },
      },
    },
  },
};
const again = errorPageResponse("The form with its errors");

/** A form with a file, as it arrives: its fields, and then the bytes of the file. */
interface ArrivingForm {
  texts: Texts;
  file: FileBytes;
}

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
          table: z.string().max(64).optional().describe("The table that is chosen"),
          map: csvQuery.shape.map,
        }),
      },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    (c) => {
      const { table = "", map = "" } = c.req.valid("query");
      return sendForm(c, { texts: { table, map } });
    },
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
        params: z.strictObject({ key: keySchema.openapi({ param: { name: "key", in: "path" } }) }),
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
      request: { ...noQuery, ...multipartForm },
      responses: { 200: { description: "The form with what was found", content: htmlContent }, 422: again },
    }),
    async (c) => {
      const texts: Texts = {};
      try {
        const { file } = await arrivingForm(c, texts);
        try {
          const { table: name = "", key: _, ...options } = texts;
          const table = await tableInPath(deps, name);
          const found = fileLook(
            table,
            await lookAtFile(table, loadOptions(table, loadQueryFrom(options, true)), file),
          );
          await skipRest(file);
          return await sendForm(c, { texts, found });
        } finally {
          await file.return?.();
        }
      } catch (error) {
        return sendForm(c, { texts, refusal: refusalOf(c, error, "The file cannot be loaded like this") });
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
        request: { ...noQuery, ...multipartForm },
        responses: { 303: { description: "Done; the load is at Location" }, 409: again, 422: again },
      }),
      async (c) => {
        const texts: Texts = {};
        try {
          const { file } = await arrivingForm(c, texts);
          const { table: name = "", key, ...given } = texts;
          const query = loadQueryFrom(given, dryRun);
          const table = await tableInPath(deps, name);
          const form = { path: newLoadPath, key, file };
          return c.redirect(loadPath(await loadByForm(c, deps, table, loadOptions(table, query), form)), 303);
        } catch (error) {
          return sendForm(c, { texts, refusal: refusalOf(c, error, "Nothing was loaded") });
        }
      },
    );
  }
}

/** Loads the file of the form at `path`; returns the id of the load, which a form with the same key continues. */
export async function loadByForm(
  c: Context<AccountEnv>,
  deps: Deps,
  table: Table,
  options: LoadOptions,
  form: { path: string; key: string | undefined; file: FileBytes },
): Promise<number> {
  const key = keySchema.safeParse(form.key);
  if (!key.success) throw new Problem("bad-request", "The form has no key: open it again.");
  const { id: accountId, username } = c.var.account;
  const requester = { accountId, username, key: loadKey(accountId, form.path, key.data) };
  const prepared = await prepareLoad(deps.loads, table, options, requester, form.file);
  attachLoadToRequest(c, prepared);
  const done = await prepared.run((counts) => attachLoadToRequest(c, prepared, counts));
  return done.id;
}

/** Reads a file to its end: a browser shows no response before it has sent all of the form. */
export async function skipRest(file: FileBytes): Promise<void> {
  while (!(await file.next()).done);
}

/** Reads the fields of a form into `texts`, up to the first bytes of its file. */
export async function arrivingForm(c: Context<AccountEnv>, texts: Texts): Promise<ArrivingForm> {
  const fields = new Map<string, string>();
  try {
    const file = await csvFile(
      bodyOf(c),
      {
        contentType: c.req.header("content-type"),
        contentEncoding: c.req.header("content-encoding"),
        contentLength: lengthOf(c),
      },
      { fields },
    );
    return { texts, file };
  } finally {
    Object.assign(texts, Object.fromEntries(fields));
  }
}
