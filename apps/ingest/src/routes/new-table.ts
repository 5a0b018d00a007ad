import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { csrfProtection, guards } from "@quintet/auth";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  inputFaults,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { leaveNotice, type PageFrame, refusalOf, sendPage } from "@quintet/pages";
import { type Inferred, inferTable } from "../csv/infer.ts";
import type { Deps } from "../deps.ts";
import { readLead } from "../loads/settle-file.ts";
import { newLoadPath } from "../pages/frame.ts";
import { newTablePage, type TableChoice, tableFilePage } from "../pages/new-table-page.ts";
import type { Table } from "../tables/table.ts";
import { pageTag } from "./actions.ts";
import { fileForm, skipRest } from "./file-forms.ts";
import { maxKeyLength, waitMs } from "./infer.ts";
import { bodyFile } from "./source-file.ts";
import { tableFrom, tableSchema } from "./table-schema.ts";

const title = "New table from a file";
const shown = { description: "The page", content: htmlContent };
const again = errorPageResponse("The form with its errors");
/** The longest `map` that is handed on in an address. */
const maxMapLength = 4000;

const many = (about: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe(about);
const form = z.strictObject({
  name: z.string().describe("Name of the table"),
  column: many("Names of the columns"),
  header: many("Their names in the header of the file, empty without one"),
  type: many("Their types"),
  zoned: many("For each column, `true` when its datetimes are moments"),
  examples: many("For each column, a few values that are shown"),
  key: many("The columns of the key, counted from 0"),
  required: many("The columns that must have a value, counted from 0"),
  missing: many("Texts that are no value"),
});

/** Adds the pages on which staff makes a table from a file. */
export function addNewTableRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);
  const common = { tags: [pageTag] };

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      ...common,
      method: "get",
      path: "/new-table",
      summary: "Page: new table from a file",
      description: "The form that sends a file, for which a table is proposed.",
      request: noQuery,
      responses: { 200: shown },
    }),
    (c) => sendPage(c, frame, { title, body: tableFilePage(), scripts: ["upload.js"] }),
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write", csrfProtection(deps.auth)),
      ...common,
      method: "post",
      path: "/new-table/check",
      summary: "Propose a table by form",
      description: "Shows what the beginning of a CSV file is taken for, and a form with a table that fits it.",
      request: { ...noQuery, ...fileForm({ file: "The CSV file" }) },
      responses: { 200: shown, 422: again },
    }),
    async (c) => {
      try {
        const file = await bodyFile(c);
        try {
          const read = await readLead({ first: Buffer.alloc(0), file }, waitMs);
          await skipRest(read.file);
          const found = inferTable(read, { given: file.dialect ?? {}, header: "auto", typed: file.columns });
          if ("refusal" in found) throw fault("file", found.refusal);
          return await sendPage(c, frame, { title, body: newTablePage(choiceOf(found), { found }) });
        } finally {
          await file.return?.();
        }
      } catch (error) {
        const refusal = refusalOf(c, error, "No table fits the file");
        return sendPage(c, frame, {
          title,
          body: tableFilePage(refusal),
          scripts: ["upload.js"],
          status: refusal.status,
        });
      }
    },
  );

  app.openapi(
    createRoute({
      ...guard.staff("ingest:write", csrfProtection(deps.auth)),
      ...common,
      method: "post",
      path: "/new-table",
      summary: "Make a table by form",
      description:
        "Makes the table, and goes on to the page that loads a file into it. A form that is sent twice makes one.",
      request: { ...noQuery, ...formBody(form) },
      responses: { 303: { description: "Done; the page that loads a file is at Location" }, 409: again, 422: again },
    }),
    async (c) => {
      const choice = choiceFrom(form.parse(await c.req.parseBody({ all: true })));
      try {
        await deps.tables.create(tableOf(choice), c.var.account.username);
        leaveNotice(c, "added");
        return c.redirect(`${newLoadPath}?${new URLSearchParams({ table: choice.name, ...mapOf(choice) })}`, 303);
      } catch (error) {
        const refusal = refusalOf(c, error, "The table was not made");
        return sendPage(c, frame, { title, body: newTablePage(choice, { refusal }), status: refusal.status });
      }
    },
  );
}

/** What is chosen in the form at first: what fits the file. */
function choiceOf({ columns, primaryKey, dialect }: Inferred): TableChoice {
  const isOnce = (header: string) => columns.filter((column) => column.header === header).length === 1;
  return {
    name: "",
    missingValues: dialect.missing,
    columns: columns.map(({ name, header, type, zoned, examples }) => ({
      name,
      header: header !== null && isOnce(header) ? header : "",
      type,
      zoned: type !== "datetime" || zoned,
      inKey: primaryKey.includes(name),
      required: primaryKey.includes(name),
      examples: examples.map((example) => example.slice(0, 40)).join(", "),
    })),
  };
}

function choiceFrom({ name, ...given }: z.output<typeof form>): TableChoice {
  const list = (texts: string | string[] | undefined) => (texts === undefined ? [] : [texts].flat());
  const [headers, types, zoned, examples] = [given.header, given.type, given.zoned, given.examples].map(list);
  const [key, required] = [given.key, given.required].map((texts) => new Set(list(texts)));
  return {
    name,
    missingValues: list(given.missing),
    columns: list(given.column).map((column, at) => ({
      name: column,
      header: headers?.[at] ?? "",
      type: types?.[at] ?? "string",
      zoned: zoned?.[at] !== "false",
      inKey: key?.has(String(at)) ?? false,
      required: required?.has(String(at)) ?? false,
      examples: examples?.[at] ?? "",
    })),
  };
}

/** The table of a form. Throws a 422 that names what does not fit by its path in a definition. */
function tableOf({ name: table, columns, missingValues }: TableChoice): Omit<Table, "version"> {
  const primaryKey = columns.filter(({ inKey }) => inKey).map(({ name }) => name);
  if (columns.length > 0 && primaryKey.length === 0) throw fault("primaryKey", "needs one column at least");
  const read = tableSchema.safeParse({
    fields: columns.map(({ name, type, zoned, required }) => {
      const inKey = primaryKey.includes(name);
      return {
        name,
        type,
        ...(type === "datetime" && { zoned }),
        constraints: { required: required || inKey, ...(inKey && type === "string" && { maxLength: maxKeyLength }) },
      };
    }),
    primaryKey,
    missingValues,
  });
  if (read.success) return tableFrom(table, read.data);
  throw new Problem("unprocessable", "The definition is not one of a table.", { errors: inputFaults(read.error) });
}

/** The `map` by which the file is loaded, where columns have other names than in its header. */
function mapOf({ columns }: TableChoice): { map?: string } {
  const renamed = columns.filter(({ name, header }) => header.trim() !== "" && header !== name && header.length <= 200);
  const map = JSON.stringify(Object.fromEntries(renamed.map(({ name, header }) => [header, name])));
  return renamed.length === 0 || map.length > maxMapLength ? {} : { map };
}

function fault(path: string, message: string): Problem {
  return new Problem("unprocessable", `${path}: ${message}.`, { errors: [{ path, message }] });
}
