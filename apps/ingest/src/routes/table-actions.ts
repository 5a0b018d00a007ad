import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { rowsPath } from "../pages/frame.ts";
import { emptyTable } from "../store/whole-table.ts";
import { addAction } from "./actions.ts";
import { tableInPath, tableParam } from "./paths.ts";

/** Adds the forms by which staff changes tables. */
export function addTableActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
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
