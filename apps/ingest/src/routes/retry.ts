import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { retryOptions } from "../loads/retry-options.ts";
import { csvQuery, loadBody, loadHeaders, loadResponses, receiveLoad } from "./csv.ts";
import { findLoad, loadParam, tableInPath } from "./paths.ts";
import { refuseOtherTypes } from "./source-file.ts";

const { dryRun, maxRejects, onError } = csvQuery.shape;

/** Adds `POST /loads/{id}/retry`: loads mended rejected rows. */
export function addRetryRoute(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "post",
      path: "/loads/{id}/retry",
      tags: ["ingest"],
      summary: "Load mended rejected rows",
      description:
        "Staff only. The body is the file of `GET /loads/{id}/rejects?format=file` after its rows were mended; the columns `_line`, " +
        "`_column` and `_reason` are ignored. It is read in the dialect and by the options of the load, and is a load of its own with " +
        "`retryOf`. The mode is that of the load, except that `replace` becomes `insert` and `merge` becomes `upsert`. A 409 when the load " +
        "has not ended, has stored nothing, or was undone.",
      request: {
        params: loadParam,
        query: z.strictObject({ dryRun, maxRejects, onError }),
        headers: loadHeaders,
        body: loadBody,
      },
      responses: loadResponses,
    }),
    async (c) => {
      refuseOtherTypes(c, deps);
      const kept = await findLoad(deps.loads, c.req.valid("param").id);
      const table = await tableInPath(deps, kept.load.table);
      const query = c.req.valid("query");
      const options = retryOptions(kept, {
        dryRun: query.dryRun === "true",
        maxRejects: query.maxRejects ?? null,
        onError: query.onError,
      });
      return receiveLoad(c, deps, { table, options, given: c.req.valid("header")["idempotency-key"] });
    },
  );
}
