import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { htmlContent, noQuery, type ServiceEnv } from "@quintet/http";
import { type PageFrame, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { listLoads } from "../loads/load-queries.ts";
import { overviewPage } from "../pages/overview.ts";
import { pageTag } from "./actions.ts";

const latestLoads = 5;

/** Adds `GET /ingest`, the first page. */
export function addOverviewRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);
  app.openapi(
    createRoute({
      ...guard.account("ingest:read"),
      method: "get",
      path: "/",
      tags: [pageTag],
      summary: "Page: overview",
      description: "The tables and the latest loads.",
      request: noQuery,
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    async (c) => {
      const loads = await listLoads(deps.loads.db, {}, { limit: latestLoads }, deps.loads.heartbeatTimeoutMs);
      const tables = (await deps.tables.list()).map(({ name, columns }) => ({
        name,
        about: columns.map((column) => column.name).join(", "),
      }));
      const { isStaff } = c.var.account;
      const body = overviewPage({ tables, loads, isStaff });
      return sendPage(c, frame, { title: "Ingest", body, scripts: ["poll.js"] });
    },
  );
}
