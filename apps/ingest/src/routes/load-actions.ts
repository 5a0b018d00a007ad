import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServiceEnv } from "@quintet/http";
import { counted, type PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { cancelLoad } from "../loads/cancel-load.ts";
import { undoLoad } from "../loads/undo-load.ts";
import { loadPath } from "../pages/frame.ts";
import { addAction } from "./actions.ts";
import { findLoad, loadParam } from "./paths.ts";

/** Adds the forms by which staff ends a load or takes it back. */
export function addLoadActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  addAction(app, deps, frame, {
    path: "/loads/{id}/actions/cancel",
    params: loadParam,
    summary: "Cancel a load",
    description: "The load stores no more rows, and cannot be resumed.",
    title: ({ id }) => `Cancel load ${id}?`,
    text: async ({ id }) => {
      const { received } = (await findLoad(deps.loads, id)).load;
      return `It has read ${received} rows so far. What is stored stays. A load that stores all rows or none stores none.`;
    },
    label: "Cancel the load",
    danger: true,
    back: ({ id }) => ({ label: `Load ${id}`, href: loadPath(Number(id)) }),
    async run(_, { id }) {
      await cancelLoad(deps.loads, (await findLoad(deps.loads, id)).load.id);
      return { to: loadPath(Number(id)), notice: "cancelled" };
    },
  });

  addAction(app, deps, frame, {
    path: "/loads/{id}/actions/undo",
    params: loadParam,
    summary: "Undo a load",
    description: "Takes back what the load has stored, in one step, unless something else has touched its rows since.",
    title: ({ id }) => `Undo load ${id}?`,
    text: async ({ id }) => {
      const { table, inserted, updated, deleted } = (await findLoad(deps.loads, id)).load;
      const parts = [
        ...(inserted > 0 ? [`the ${counted(inserted)} rows that it inserted are deleted`] : []),
        ...(updated + deleted > 0
          ? [`the ${counted(updated + deleted)} rows that it changed or deleted are again as they were`]
          : []),
      ];
      const what = parts.length === 0 ? "it has changed no row" : parts.join(", and ");
      return `In ${table}, ${what}: all of them or none. Rows that something else has touched since are not taken back, and then nothing is.`;
    },
    label: "Undo the load",
    danger: true,
    back: ({ id }) => ({ label: `Load ${id}`, href: loadPath(Number(id)) }),
    async run(_, { id }) {
      await undoLoad(deps.loads, (await findLoad(deps.loads, id)).load.id);
      return { to: loadPath(Number(id)), notice: "undone" };
    },
  });
}
