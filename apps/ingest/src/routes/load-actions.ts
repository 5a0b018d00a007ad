import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { cancelLoad } from "../loads/cancel-load.ts";
import { loadPath } from "../pages/frame.ts";
import { addAction } from "./actions.ts";
import { findLoad, loadParam } from "./paths.ts";

/** Adds the forms by which staff ends a load. */
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
}
