import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { rowsPath } from "../pages/frame.ts";
import { rowsAddress } from "../pages/rows-page.ts";
import { filterOperators } from "../store/row-filter.ts";
import { emptyTable } from "../store/whole-table.ts";
import { addAction, pageTag } from "./actions.ts";
import { tableInPath, tableParam } from "./paths.ts";
import { filterParam } from "./row-filters.ts";

/** Adds the forms by which staff changes tables. */
export function addTableActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  app.openapi(
    createRoute({
      ...guards(deps.auth).account("ingest:read"),
      method: "get",
      path: "/tables/{table}/actions/filter",
      tags: [pageTag],
      summary: "Filter rows by form",
      description: "Leads to the page with the rows that pass the filter besides those that are there.",
      request: {
        params: tableParam,
        query: z.strictObject({
          filter: filterParam,
          column: z.string().max(64).describe("Name of the column"),
          operator: z.enum(filterOperators).describe("How its values are compared"),
          value: z.string().max(1000).default("").describe("With what; empty: no value"),
        }),
      },
      responses: { 303: { description: "The rows are at Location" } },
    }),
    async (c) => {
      const { filter = [], column, operator, value } = c.req.valid("query");
      const { name } = await tableInPath(deps, c.req.valid("param").table);
      const filters = new Set([...[filter].flat(), `${column}${operator}${value}`]);
      return c.redirect(rowsAddress(name, [...filters]), 303);
    },
  );

  addAction(app, deps, frame, {
    path: "/tables/{table}/actions/empty",
    params: tableParam,
    summary: "Delete all rows of a table",
    description: "Deletes every row or none.",
    title: ({ table }) => `Delete all rows of ${table}?`,
    text: async ({ table }) => {
      const { name } = await tableInPath(deps, table);
      return `Every row of ${name} is deleted. Make a backup first if you may want them back.`;
    },
    label: "Delete all rows",
    danger: true,
    back: ({ table }) => ({ label: table, href: rowsPath(table) }),
    async run(_, { table }) {
      await emptyTable(deps.loads.bulk, await tableInPath(deps, table));
      return { to: rowsPath(table), notice: "deleted" };
    },
  });
}
